/// What `show uptime` answers: the machine's, in uptime(1)'s words.
struct Uptime: RouterAnswer {
    private let now: Double
    private let uptime: Double
    private let load: [Double]

    init(_ tables: RouterTables) {
        now = tables.now
        uptime = tables.machine?.uptime ?? 0
        load = tables.machine?.load ?? []
    }

    var text: String {
        let minutes = Int(uptime) / 60
        let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60)
        let time = hours > 0 ? "\(hours < 10 ? " " : "")\(hours):\(rest < 10 ? "0" : "")\(rest)" : "\(rest) min"
        let since = days > 0 ? "\(days) day\(days == 1 ? "" : "s"), \(time)" : time
        let loads = load.map { value in
            let hundredths = Int((value * 100).rounded())
            return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
        }
        return " \(Clock.time(now)) up \(since),  0 users,  load average: \(loads.joined(separator: ", "))\n"
    }

    var json: JSONValue? {
        .object([
            "upTime": .number(uptime), "loadAvg": .array(load.map { .number($0) }), "users": 0,
            "currentTime": .number(now),
        ])
    }
}
