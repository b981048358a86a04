/// Programs that images for network labs have and machines often lack, by the package of Debian and Ubuntu that has them. Hosts run the
/// machine's own.
enum MissingProgram {
    /// What to do about a program that is not there; nil for one that nobody knows.
    static func advice(on command: String) -> String? {
        packages.first { $0.programs.contains(command) }.map {
            "a lab's hosts run the machine's own programs; install it (Debian: apt-get install \($0.package))"
        }
    }

    private static let packages: [(package: String, programs: Set<String>)] = [
        ("iputils-ping", ["ping", "ping4", "ping6"]),
        ("iputils-arping", ["arping"]),
        ("iputils-tracepath", ["tracepath"]),
        ("bind9-dnsutils", ["dig", "nslookup", "nsupdate"]),
        ("bind9-host", ["host"]),
        ("curl", ["curl"]),
        ("wget", ["wget"]),
        ("net-tools", ["netstat", "ifconfig", "route", "arp"]),
        ("iproute2", ["ip", "ss", "bridge", "tc"]),
        ("traceroute", ["traceroute", "traceroute6"]),
        ("mtr-tiny", ["mtr"]),
        ("tcpdump", ["tcpdump"]),
        ("tshark", ["tshark"]),
        ("termshark", ["termshark"]),
        ("netcat-openbsd", ["nc", "netcat"]),
        ("socat", ["socat"]),
        ("telnet", ["telnet"]),
        ("nmap", ["nmap", "ncat"]),
        ("iperf", ["iperf"]),
        ("iperf3", ["iperf3"]),
        ("ethtool", ["ethtool"]),
        ("iptables", ["iptables", "ip6tables", "iptables-save", "ip6tables-save"]),
        ("nftables", ["nft"]),
        ("conntrack", ["conntrack"]),
        ("jq", ["jq"]),
        ("procps", ["ps", "top", "sysctl"]),
    ]
}
