import DNS
import HTTP
import NIOCore

/// Answers HTTP: every path of a pod is the same page.
struct HTTPAnswerer: StreamAnswerer {
    private let pod: ResponderPlan.Pod
    private let client: Client?
    private let body: [UInt8]?
    private var reader = RequestReader()

    /// - Parameter body: the page, if it is always the same.
    init(_ pod: ResponderPlan.Pod, client: Client?, body: String?) {
        self.pod = pod
        self.client = client
        self.body = body.map { Array($0.utf8) }
    }

    mutating func append(_ bytes: some Sequence<UInt8>) { reader.append(bytes) }

    mutating func next() -> StreamStep? {
        switch reader.next() {
        case .request(let request): answer(request)
        case .expectsContinue: StreamStep(bytes: Response.goOn)
        case .fault(let fault): StreamStep(bytes: Response.bytes(fault.status, time: Clock.wall()), isLast: true)
        case nil: nil
        }
    }

    private func answer(_ request: Request) -> StreamStep {
        let time = Clock.wall()
        // A tunnel is what CONNECT asks for: nothing that follows would be HTTP.
        if request.method == "CONNECT" {
            return StreamStep(bytes: Response.bytes(.methodNotAllowed, time: time), isLast: true)
        }
        let isJSON = request.acceptsJSON && body == nil
        let page = body ?? (isJSON ? Page.json(pod, client) : Page.text(pod, client))
        let bytes = Response.bytes(
            .ok, type: isJSON ? "application/json" : "text/plain; charset=utf-8", body: page, time: time,
            keepsAlive: request.keepsAlive, isHead: request.method == "HEAD")
        return StreamStep(bytes: bytes, isLast: !request.keepsAlive)
    }

    var phase: StreamPhase {
        switch reader.place {
        case .between: StreamPhase(number: 0, limit: .seconds(60))
        // The whole of a head, however slowly it comes.
        case .head: StreamPhase(number: 1, limit: .seconds(10))
        case .body: StreamPhase(number: 2, limit: .seconds(30))
        case .failed: StreamPhase(number: 3, limit: .seconds(2))
        }
    }
}

/// Sends back what comes.
struct EchoAnswerer: StreamAnswerer {
    private var bytes: [UInt8] = []

    mutating func append(_ bytes: some Sequence<UInt8>) { self.bytes += bytes }

    mutating func next() -> StreamStep? {
        guard !bytes.isEmpty else { return nil }
        defer { bytes = [] }
        return StreamStep(bytes: bytes)
    }

    var phase: StreamPhase { StreamPhase(number: 0, limit: .seconds(300)) }
}

/// Answers DNS queries on TCP, one after the other.
struct DNSAnswerer: StreamAnswerer {
    private let zone: CurrentZone
    private var frames = TCPFrames()
    private var turn = 0

    init(_ zone: CurrentZone) { self.zone = zone }

    mutating func append(_ bytes: some Sequence<UInt8>) { frames.append(bytes) }

    mutating func next() -> StreamStep? {
        if let announced = frames.announced, announced > NameServer.longestQuery {
            return StreamStep(bytes: [], isLast: true)
        }
        guard let query = frames.next() else { return nil }
        turn &+= 1
        guard let answer = zone.current?.answer(query, over: .tcp, turn: turn) else {
            return StreamStep(bytes: [], isLast: true)
        }
        return StreamStep(bytes: TCPFrames.framed(answer))
    }

    var phase: StreamPhase { StreamPhase(number: frames.count == 0 ? 0 : 1, limit: .seconds(10)) }
}
