/// The parts that a template consists of once it is read.
indirect enum GoTemplateNode: Sendable {
    /// Text as it stands, and the line that it begins in.
    case text(String, line: Int)
    /// An expression whose value is written.
    case output(Pipeline, line: Int)
    case condition(Pipeline, then: [GoTemplateNode], otherwise: [GoTemplateNode], line: Int)
    /// `with`: the body has the value for its dot.
    case with(Pipeline, then: [GoTemplateNode], otherwise: [GoTemplateNode], line: Int)
    case range(Pipeline, body: [GoTemplateNode], otherwise: [GoTemplateNode], line: Int)
    case leave(isContinuing: Bool)

    /// Commands, each given the value of the one before as its last argument.
    struct Pipeline: Sendable {
        /// The variables that get the value: of `range` up to two.
        var variables: [String] = []
        /// Whether the variables are new ones (`:=`).
        var declares = false
        var commands: [[Operand]] = []
    }

    /// A term, and the fields that are taken of its value.
    struct Operand: Sendable {
        var term: Term
        var fields: [String] = []
    }

    indirect enum Term: Sendable {
        case value(GoValue)
        case dot
        /// `$` is the whole data.
        case variable(String)
        case function(String)
        case pipeline(Pipeline)
    }
}
