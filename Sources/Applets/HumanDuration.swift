import ClusterObjects

extension Timestamp {
    /// How long a time lies back in docker's words: `5 minutes` (docker/go-units, `HumanDuration`).
    func humanAge(at now: Timestamp) -> String {
        let seconds = max(0, now.seconds - self.seconds)
        let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600)
        switch seconds {
        case 0: return "Less than a second"
        case 1: return "1 second"
        case ..<60: return "\(seconds) seconds"
        default: break
        }
        if minutes == 1 { return "About a minute" }
        if minutes < 60 { return "\(minutes) minutes" }
        if hours == 1 { return "About an hour" }
        if hours < 48 { return "\(hours) hours" }
        if hours < 24 * 7 * 2 { return "\(hours / 24) days" }
        if hours < 24 * 30 * 2 { return "\(hours / 24 / 7) weeks" }
        if hours < 24 * 365 * 2 { return "\(hours / 24 / 30) months" }
        return "\(hours / 24 / 365) years"
    }
}
