// Sends datagrams to a port for some seconds, as fast as it can, and prints how many the kernel took.
//
//   flood ADDRESS PORT SECONDS
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **words) {
    if (count != 4) return 2;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (descriptor < 0 || inet_pton(AF_INET, words[1], &address.sin_addr) != 1) return 1;
    char payload[64];
    memset(payload, 'x', sizeof payload);
    unsigned long sent = 0;
    // The socket is not connected: errors about ports that nobody listens at do not come back to it.
    for (double end = now() + atof(words[3]); now() < end;)
        for (int i = 0; i < 64; i++)
            sent += sendto(descriptor, payload, sizeof payload, 0, (struct sockaddr *)&address, sizeof address) ==
                    sizeof payload;
    printf("%lu\n", sent);
}
