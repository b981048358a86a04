import Addresses
import Blueprint
import Glibc
import KernelCapabilities

/// What a lab takes of the kernel's neighbour tables, of which all namespaces together have one a family. It is kept in the lab's
/// state, so that the next lab knows what is left.
struct NeighbourShare: Hashable {
    /// How many neighbours it can learn, which the kernel bounds.
    var learned: [AddressFamily: Int]
    /// How many permanent entries it has, which it does not.
    var permanent: [AddressFamily: Int]

    init(_ blueprint: Blueprint) {
        learned = Requirements(blueprint).neighbours
        permanent = [:]
        for namespace in blueprint.namespaces {
            for neighbour in namespace.content.neighbours { permanent[neighbour.address.family, default: 0] += 1 }
        }
    }

    /// Sees to it that a new lab's neighbours fit, beside those of the labs that run: where they do not, they are permanent.
    ///
    /// - Parameter limits: how much room there was a moment ago.
    static func reserve(for blueprint: inout Blueprint, in state: StateDirectory, _ limits: Limits) throws {
        var limits = limits
        let share = NeighbourShare(blueprint)
        let start = ContinuousClock.now
        // The kernel is slow to clear the namespaces of labs that have just gone: as long as it does, that is waited for.
        var (least, since) = (Int.max, start)
        while true {
            var isDone = false
            try LabLock.holdingRoot {
                let others = shares(but: state.lab)
                isDone = share.fits(beside: others, limits, limits.heldNeighbours)
                if !isDone,
                    !share.fits(beside: others, limits, [:]) || since.duration(to: .now) > .milliseconds(200)
                        || start.duration(to: .now) > .seconds(2)
                {
                    blueprint.makeNeighboursPermanent()
                    isDone = true
                }
                if isDone { try NeighbourShare(blueprint).write(to: state) }
            }
            if isDone { return }
            let now = limits.heldNeighbours.values.reduce(0, +)
            if now < least { (least, since) = (now, .now) }
            usleep(5000)
            limits = Limits()
        }
    }

    /// The same without waiting and without a reservation.
    static func fit(_ blueprint: inout Blueprint, _ limits: Limits) {
        let others = shares(but: blueprint.lab)
        if !NeighbourShare(blueprint).fits(beside: others, limits, limits.heldNeighbours) {
            blueprint.makeNeighboursPermanent()
        }
    }

    /// Those of all other labs.
    private static func shares(but lab: String) -> [NeighbourShare] {
        StateDirectory.labs().filter { $0 != lab }.compactMap { NeighbourShare(StateDirectory(lab: $0)) }
    }

    /// Whether there is room for it, with an eighth of the table left to what nobody counts on: link-local addresses that ask
    /// for others, and groups, until the kernel clears those away (`neigh_forced_gc` in net/core/neighbour.c).
    ///
    /// - Parameter held: how many entries the kernel holds, those of the other labs among them.
    private func fits(beside others: [NeighbourShare], _ limits: Limits, _ held: [AddressFamily: Int]) -> Bool {
        AddressFamily.allCases.allSatisfy { family in
            guard let own = learned[family], own > 0 else { return true }
            let reserved = others.reduce(0) { $0 + $1.learned[family, default: 0] }
            let known = others.reduce(reserved) { $0 + $1.permanent[family, default: 0] }
            let elsewhere = max(0, held[family, default: 0] - known)
            let limit = limits.neighbours[family, default: 1024]
            return own + reserved + elsewhere <= limit - limit / 8
        }
    }

    // MARK: In the state

    /// Reads a lab's share; nil for one of an nslab that wrote none, and for what is no lab's state.
    private init?(_ state: StateDirectory) {
        // What is not known to be taken is taken for free: at worst the table gets full, which a probe says.
        guard let bytes = try? StateDirectory.read(state.neighbours) else { return nil }
        let numbers = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap {
            Int($0)
        }
        guard numbers.count == 4 else { return nil }
        learned = [.ipv4: numbers[0], .ipv6: numbers[1]]
        permanent = [.ipv4: numbers[2], .ipv6: numbers[3]]
    }

    /// Writes it in the place of an earlier one.
    func write(to state: StateDirectory) throws {
        let numbers = [learned, permanent].flatMap { counts in AddressFamily.allCases.map { counts[$0, default: 0] } }
        let text = numbers.map(String.init).joined(separator: " ") + "\n"
        try StateDirectory.write(Array(text.utf8), to: state.neighbours)
    }
}
