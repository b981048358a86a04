import Testing

@testable import Calico

@Suite("Hashes and the random source")
struct HashTests {
    @Test(
        "SHA-1 gives the digests of RFC 3174 and FIPS 180",
        arguments: [
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
            ),
            (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
            (
                String(repeating: "0123456701234567012345670123456701234567012345670123456701234567", count: 10),
                "dea356a2cddd90c7a7ecedc5ebb563934f460452"
            ),
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ])
    func sha1(message: String, digest: String) {
        #expect(SHA1.hexDigest(message) == digest)
    }

    @Test("SHA-1 pads messages around the 56th and 64th byte", arguments: [55, 56, 57, 63, 64, 65, 119, 120])
    func sha1Padding(length: Int) {
        // Known digests of runs of `a`, from sha1sum.
        let known = [
            55: "c1c8bbdc22796e28c0e15163d20899b65621d65a", 56: "c2db330f6083854c99d4b5bfb6e8f29f201be699",
            57: "f08f24908d682555111be7ff6f004e78283d989a", 63: "03f09f5b158a7a8cdad920bddc29b81c18a551f5",
            64: "0098ba824b5c16427bd7a1122a5a442a25ec644d", 65: "11655326c708d70319be2610e8a57d9a5b959d3b",
            119: "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56", 120: "f34c1488385346a55709ba056ddd08280dd4c6d6",
        ]
        #expect(SHA1.hexDigest(String(repeating: "a", count: length)) == known[length])
    }

    @Test(
        "FNV-1 gives the reference values, and is not FNV-1a",
        arguments: [("", UInt32(0x811c_9dc5)), ("a", 0x050c_5d7e), ("foobar", 0x31f0_b262)])
    func fnv1(text: String, hash: UInt32) {
        #expect(FNV1.hash32(text) == hash)
    }

    @Test("the generator draws what Go draws for seed 1")
    func goRandom() {
        // The first results of rand.New(rand.NewSource(1)).Int63(), as Go's documentation and tests print them.
        var random = GoRandom(seed: 1)
        #expect(
            (0..<2).map { _ in random.nextUInt64() & .max >> 1 } == [
                5_577_006_791_947_779_410, 8_674_665_223_082_153_551,
            ])
    }

    @Test("a seed of zero, a negative seed and seeds that are equal modulo 2^31-1")
    func goRandomSeeds() {
        func first(_ seed: Int64) -> UInt64 {
            var random = GoRandom(seed: seed)
            return random.nextUInt64()
        }
        #expect(first(0) == first(89_482_311))
        #expect(first(-1) == first(0x7fff_fffe))
        #expect(first(5) == first(5 + 0x7fff_ffff))
        #expect(first(5) != first(6))
    }

    @Test("a draw stays below its limit, for limits of every number of bits", arguments: 0...127)
    func limits(bits: Int) {
        var random = GoRandom(seed: 7)
        for _ in 0..<8 { #expect(random.next(belowPowerOfTwo: bits) >> UInt128(bits) == 0) }
    }
}
