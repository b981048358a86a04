import Glibc
import KernelTestSupport
import Testing

@Suite("A program that is killed", .needsRoot, .timeLimit(.minutes(20)))
struct KillTests {
    /// `NSLAB_KILL_SEED` and `NSLAB_KILL_POINTS` set another seed, and how many moments there are in each series.
    private static func killing(
        _ series: UInt64, _ body: @escaping @Sendable (CutShort.Case) throws -> String?
    ) throws {
        try CutShort(
            commands: [.up, .down, .change, .exec], signals: [SIGKILL],
            seed: (CutShort.number("NSLAB_KILL_SEED") ?? 20_261_125) &+ series * 1000,
            points: Int(CutShort.number("NSLAB_KILL_POINTS") ?? 200)
        ).run(body)
    }

    @Test("at whatever moment, leaves a lab of which down leaves nothing")
    func down() throws {
        try Self.killing(1) { point in
            let result = try Witness.run(point.down)
            if result.status != 0 { return "down ended with \(result.status): \(result.output)" }
            let remains = Remains(of: point.name)
            return remains.isEmpty ? nil : "down left \(remains)"
        }
    }

    @Test("at whatever moment, leaves a lab that up completes, and verify finds nothing")
    func up() throws {
        try Self.killing(2) { point in
            let result = try Witness.run(point.up(point.command == .change ? .second : .first))
            if result.status != 0 { return "up ended with \(result.status): \(result.output)" }
            return try point.differences()
        }
    }
}
