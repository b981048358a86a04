/// The candidate that someone most likely meant by a misspelt word; nil if none is near.
///
/// Near means: at most a third of the word has to change, counted as optimal string alignment (insert, delete,
/// replace, swap neighbours), without regard to case; or else the word begins with the candidate and goes on with a
/// capital, as `nodeName` does with `node`.
package func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(word.lowercased().utf8)
    // Nobody mistypes words this long, and the distance costs the product of both lengths.
    guard wanted.count <= 64 else { return nil }
    var best: (distance: Int, word: String)?
    for candidate in candidates {
        let other = Array(candidate.lowercased().utf8)
        let allowed = max(1, max(wanted.count, other.count) / 3)
        guard other.count <= 64, abs(other.count - wanted.count) <= allowed else { continue }
        let distance = editDistance(wanted, other)
        if distance <= allowed, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best?.word ?? candidates.filter { begins(word, with: $0) }.max { $0.utf8.count < $1.utf8.count }
}

private func begins(_ word: String, with candidate: String) -> Bool {
    guard !candidate.isEmpty, word.hasPrefix(candidate), let next = word.dropFirst(candidate.count).first else {
        return false
    }
    return next.isUppercase
}

/// `; did you mean "…"?`, or nothing.
func didYouMean(_ word: String, among candidates: some Sequence<String>) -> String {
    suggestion(for: word, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
}

private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
            row.append(cost)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
