import YAML

/// Finds the lines that a problem's field was written in. Nothing is kept while reading: the path is followed from the
/// root again, and only where there is a problem.
struct SourceMap {
    let root: YAMLValue
    /// Where each cable was written: with `connect` at one of its ends, or in the list `cables`.
    let cablePlaces: [NativeReader.Place]

    /// The problems with their places. Of the many that one ranged entry can cause, the first stands for all.
    func errors(for problems: [Problem], file: String) -> [TopologyError] {
        var errors: [TopologyError] = []
        var repeated: [YAMLValue.Mark: (index: Int, count: Int)] = [:]
        // Finding a place takes as long as its maps are; more errors than these are not read.
        for problem in problems.prefix(1000) {
            let found = locate(problem.path)
            if found.isRanged, let earlier = repeated[found.mark] {
                repeated[found.mark]?.count = earlier.count + 1
                continue
            }
            if found.isRanged { repeated[found.mark] = (errors.count, 0) }
            errors.append(
                TopologyError(
                    file: file, line: found.mark.line, column: found.mark.column, path: found.path,
                    sentence: problem.sentence))
        }
        for (index, count) in repeated.values where count > 0 {
            errors[index].sentence += " (and \(count) more of this range)"
        }
        return errors
    }

    private func locate(_ path: FieldPath) -> (path: FieldPath, mark: YAMLValue.Mark, isRanged: Bool) {
        if case .key("cables")? = path.steps.first, path.steps.count > 1, case .index(let index) = path.steps[1],
            cablePlaces.indices.contains(index)
        {
            let place = cablePlaces[index]
            return (place.path, place.mark, locateValue(place.path).isRanged)
        }
        let found = locateValue(path)
        return (path, found.mark, found.isRanged)
    }

    private func locateValue(_ path: FieldPath) -> (mark: YAMLValue.Mark, isRanged: Bool) {
        var value = root
        var mark = root.mark
        var isRanged = false
        for (depth, step) in path.steps.enumerated() {
            switch (step, value.content) {
            case (.key(let key), .mapping(let entries)):
                let isQualified =
                    depth == 1 && (path.steps[0] == .key("workloads") || path.steps[0] == .key("services"))
                guard let (entry, ranged) = find(key, in: entries, isQualified: isQualified) else {
                    return (mark, isRanged)
                }
                isRanged = isRanged || ranged
                value = entry.value
                // A single value is what is wrong; of a map or list, the key says better where it is.
                if case .scalar = value.content, !value.isNull { mark = value.mark } else { mark = entry.key.mark }
            case (.index(let index), .sequence(let items)):
                guard items.indices.contains(index) else { return (mark, isRanged) }
                value = items[index]
                mark = value.mark
            default: return (mark, isRanged)
            }
        }
        return (mark, isRanged)
    }

    private func find(
        _ key: String, in entries: [YAMLValue.Entry], isQualified: Bool
    ) -> (entry: YAMLValue.Entry, isRanged: Bool)? {
        if let entry = entries.first(where: { $0.key.text == key }) { return (entry, false) }
        for entry in entries {
            guard let text = entry.key.text, BraceTemplate.isNeeded(for: text) else { continue }
            if let template = try? BraceTemplate(text), template.makes(key) { return (entry, true) }
        }
        // What is outside the default namespace goes by namespace/name, but may have been written by name alone.
        if isQualified, let slash = key.firstIndex(of: "/") {
            return find(String(key[key.index(after: slash)...]), in: entries, isQualified: false)
        }
        return nil
    }
}
