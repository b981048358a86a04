/// An answer's bytes.
public enum Response {
    /// An answer with a body.
    ///
    /// - Parameters:
    ///   - time: seconds since 1970 began.
    ///   - keepsAlive: whether the connection goes on.
    ///   - isHead: the body's length is told, and the body left out (HEAD).
    public static func bytes(
        _ status: Status, type: String = "text/plain; charset=utf-8", body: [UInt8], time: Int, keepsAlive: Bool,
        isHead: Bool = false
    ) -> [UInt8] {
        var head = "HTTP/1.1 \(status.rawValue) \(status.phrase)\r\nServer: nslab\r\nDate: \(date(time))\r\n"
        if status == .methodNotAllowed { head += "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" }
        head += "Content-Type: \(type)\r\nContent-Length: \(body.count)\r\n"
        head += "Connection: \(keepsAlive ? "keep-alive" : "close")\r\n\r\n"
        return Array(head.utf8) + (isHead ? [] : body)
    }

    /// An answer that says no more than its status, and ends the connection.
    public static func bytes(_ status: Status, time: Int) -> [UInt8] {
        bytes(status, body: Array("\(status.rawValue) \(status.phrase)\n".utf8), time: time, keepsAlive: false)
    }

    /// The word that a client waits for before it sends its body.
    public static let goOn = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// A time as HTTP writes it (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// - Parameter time: seconds since 1970 began, not negative.
    public static func date(_ time: Int) -> String {
        let days = time / 86400
        let second = time % 86400
        // Years that begin in March, so that a leap day is a year's last; 1970 began 719,468 days after 1 March of year 0.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let year = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * month + 2) / 5 + 1
        let calendarMonth = month < 10 ? month + 2 : month - 10
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return
            "\(weekdays[days % 7]), \(two(day)) \(months[calendarMonth]) \(year + era * 400 + (month >= 10 ? 1 : 0)) "
            + "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)) GMT"
    }
}
