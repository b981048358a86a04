import ClusterObjects
import Testing

@Suite("Times")
struct TimestampTests {
    @Test(
        "are read and written",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_709_210_096, "2024-02-29T12:34:56Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"), (-1, "1969-12-31T23:59:59Z"),
        ])
    func roundTrip(_ seconds: Int, _ text: String) {
        #expect(Timestamp(seconds: seconds).description == text)
        #expect(Timestamp(text)?.seconds == seconds)
    }

    @Test("with a fraction and a distance from UTC")
    func forms() {
        #expect(Timestamp("1970-01-01T01:00:00.123456Z")?.seconds == 3600)
        #expect(Timestamp("1970-01-01T01:00:00+01:00")?.seconds == 0)
        #expect(Timestamp("1970-01-01T00:00:00-00:30")?.seconds == 1800)
    }

    @Test(
        "what is none",
        arguments: ["", "1970-01-01", "1970-13-01T00:00:00Z", "1970-01-01T00:00:00", "x970-01-01T00:00:00Z"])
    func refused(_ text: String) { #expect(Timestamp(text) == nil) }

    // The vectors of apimachinery/pkg/util/duration/duration_test.go.
    @Test(
        "ages as kubectl tells them",
        arguments: [
            (1, "1s"), (70, "70s"), (119, "119s"), (120, "2m"), (190, "3m10s"), (70 * 60, "70m"),
            (10 * 60 - 1, "9m59s"),
            (3 * 3600 + 10 * 60, "3h10m"), (8 * 3600 - 1, "7h59m"), (8 * 3600, "8h"), (47 * 3600, "47h"),
            (48 * 3600, "2d"), (49 * 3600, "2d1h"), (8 * 86400 - 1, "7d23h"), (8 * 86400, "8d"), (367 * 86400, "367d"),
            (2 * 365 * 86400, "2y"), ((2 * 365 + 55) * 86400, "2y55d"), (8 * 365 * 86400, "8y"), (-5, "<invalid>"),
            (0, "0s"),
        ])
    func ages(_ seconds: Int, _ expected: String) {
        #expect(Timestamp(seconds: 10_000).age(at: Timestamp(seconds: 10_000 + seconds)) == expected)
    }
}
