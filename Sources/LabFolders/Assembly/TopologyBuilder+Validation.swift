import Topology

extension TopologyBuilder {
    /// Leaves out workloads and services that cannot be, turns what works in part into warnings, and throws for the rest.
    mutating func validate() throws(TopologyErrors) {
        breakLoops()
        // Leaving one thing out may lead to another: a service whose pods are gone.
        for _ in 0..<100 {
            let problems = topology.problems()
            guard let problem = problems.first(where: { subject($0) != nil }) else { break }
            leaveOut(problem)
        }
        let fatal = topology.problems()
        if !fatal.isEmpty {
            throw TopologyErrors(
                fatal.prefix(100).map { problem in
                    let place = place(of: problem)
                    return TopologyError(
                        file: place.file, line: place.line, column: 1, path: problem.path, sentence: problem.sentence)
                })
        }
        for problem in topology.tolerated() {
            diagnostics.warn(at: place(of: problem), "\(problem.path): \(problem.sentence)")
        }
    }

    /// Shuts a switch port for each loop of switches, as a spanning tree would.
    private mutating func breakLoops() {
        for _ in 0..<1000 {
            guard let index = topology.loops().first else { return }
            let place = places.cables.indices.contains(index) ? places.cables[index] : SourceLine(file: "", line: 1)
            var shut: Endpoint?
            change { topology, _, _ in
                for end in topology.cables[index].ends.reversed() {
                    guard let router = topology.routers.firstIndex(where: { $0.name == end.device }),
                        let port = topology.routers[router].ports.firstIndex(where: { $0.name == end.interface })
                    else { continue }
                    topology.routers[router].ports[port].isShutdown = true
                    shut = end
                    break
                }
            }
            guard let shut else { return }
            diagnostics.warn(
                at: place, "this link closes a loop of switches; as a spanning tree would, \(shut) carries nothing")
        }
    }

    /// The position in `workloads` or `services` that a problem is about.
    private func subject(_ problem: Problem) -> (isService: Bool, index: Int)? {
        guard problem.path.steps.count > 1, case .key(let section) = problem.path.steps[0],
            case .key(let name) = problem.path.steps[1]
        else { return nil }
        switch section {
        case "workloads": return topology.workloads.lastIndex { $0.key == name }.map { (false, $0) }
        case "services": return topology.services.lastIndex { $0.key == name }.map { (true, $0) }
        default: return nil
        }
    }

    private mutating func leaveOut(_ problem: Problem) {
        guard let (isService, index) = subject(problem) else { return }
        let place = place(of: problem)
        diagnostics.warn(
            at: place,
            "\(problem.path): \(problem.sentence); "
                + (problem.isRefusedByAPIServer ? "the API server refuses it, and it is left out" : "it is left out"))
        change { topology, places, _ in
            if isService {
                topology.services.remove(at: index)
                places.services.remove(at: index)
            } else {
                topology.workloads.remove(at: index)
                places.workloads.remove(at: index)
            }
        }
    }

    /// Where the thing that a problem is about was written.
    private func place(of problem: Problem) -> SourceLine {
        let fallback =
            documents.containerlab?.nodes.first?.place ?? documents.kind?.place ?? SourceLine(file: "", line: 1)
        if let (isService, index) = subject(problem) {
            return isService ? places.services[index] : places.workloads[index]
        }
        let steps = problem.path.steps
        guard steps.count > 1, case .key(let section) = steps[0] else { return fallback }
        switch (section, steps[1]) {
        case ("cables", .index(let index)):
            return places.cables.indices.contains(index) ? places.cables[index] : fallback
        case ("cluster", .key("pools")):
            guard steps.count > 2, case .key(let name) = steps[2] else { return fallback }
            return places.pools[name] ?? fallback
        case ("cluster", _): return documents.kind?.place ?? fallback
        case (_, .key(let name)): return places.devices[name] ?? fallback
        default: return fallback
        }
    }
}
