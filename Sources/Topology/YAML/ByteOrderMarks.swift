extension String {
    /// The text without U+FEFF. It means nothing inside a text (Unicode 15.0, section 23.8), cannot be seen, and Foundation,
    /// which the YAML library asks, takes the first one of a text away: what was written would be read otherwise.
    package var withoutByteOrderMarks: String {
        guard unicodeScalars.contains("\u{FEFF}") else { return self }
        var scalars = UnicodeScalarView()
        scalars.append(contentsOf: unicodeScalars.lazy.filter { $0 != "\u{FEFF}" })
        return String(scalars)
    }
}
