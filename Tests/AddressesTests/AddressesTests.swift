import Addresses
import Testing

@Suite struct IPv4AddressTests {
    @Test("prints what it parses", arguments: ["0.0.0.0", "10.10.10.1", "255.255.255.255", "1.1.1.1"])
    func roundTrip(text: String) throws {
        #expect(try #require(IPv4Address(text)).description == text)
    }

    @Test(
        "refuses what is not four decimal octets",
        arguments: [
            "", ".", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1..2.3", "1.2.3.4 ", "1.2.3.-4", "1.2.3.4.",
            "a.b.c.d",
        ])
    func refuses(text: String) {
        #expect(IPv4Address(text) == nil)
    }
}

@Suite struct IPv6AddressTests {
    /// RFC 5952's own examples among them.
    @Test(
        "prints the canonical form",
        arguments: [
            ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("fd10:244:0:d9:9550:730e:5f2f:7300", "fd10:244:0:d9:9550:730e:5f2f:7300"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("fd00:10:244:b742:2d01:58:8f51:b000", "fd00:10:244:b742:2d01:58:8f51:b000"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ])
    func canonical(text: String, printed: String) throws {
        #expect(try #require(IPv6Address(text)).description == printed)
    }

    @Test(
        "refuses what is not an address",
        arguments: [
            "", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::",
            ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:",
            "fe80::1%eth0", "1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5",
        ])
    func refuses(text: String) {
        #expect(IPv6Address(text) == nil)
    }
}

@Suite struct PrefixTests {
    @Test("knows its first and last address and what lies in it")
    func bounds() throws {
        let prefix = try #require(Prefix("192.168.77.0/26"))
        #expect(prefix.lastAddress.description == "192.168.77.63")
        #expect(prefix.contains(IPAddress("192.168.77.63")!))
        #expect(!prefix.contains(IPAddress("192.168.77.64")!))
        #expect(!prefix.contains(IPAddress("::1")!))
        #expect(prefix.address(at: 63)?.description == "192.168.77.63")
        #expect(prefix.address(at: 64) == nil)
        #expect(Prefix.all(.ipv6).contains(IPAddress("ffff::")!))
        #expect(Prefix.all(.ipv4).lastAddress.description == "255.255.255.255")
    }

    @Test("overlaps whatever shares an address with it")
    func overlaps() throws {
        let wide = try #require(Prefix("fd00:10:244::/48"))
        let narrow = try #require(Prefix("fd00:10:244:1b38::/64"))
        #expect(wide.overlaps(narrow) && narrow.overlaps(wide))
        #expect(wide.contains(narrow) && !narrow.contains(wide))
        #expect(!wide.overlaps(Prefix("fd00:10:245::/48")!))
    }

    @Test(
        "refuses host bits, signs and lengths out of range",
        arguments: ["10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/08", "/8", "10.0.0.0"])
    func refuses(text: String) {
        #expect(Prefix(text) == nil)
    }

    @Test("an interface address keeps its host bits")
    func interfaceAddress() throws {
        let address = try #require(InterfaceAddress("fd00:10:10::1/64"))
        #expect(address.description == "fd00:10:10::1/64")
        #expect(address.prefix.description == "fd00:10:10::/64")
    }
}

@Suite struct MACAddressTests {
    @Test("forms the link-local address that Calico's host veths have")
    func linkLocal() throws {
        let mac = try #require(MACAddress("ee:ee:ee:ee:ee:ee"))
        #expect(mac.linkLocalAddress.description == "fe80::ecee:eeff:feee:eeee")
        #expect(mac.description == "ee:ee:ee:ee:ee:ee")
        #expect(MACAddress(octets: mac.octets) == mac)
    }

    @Test(
        "refuses what is not six pairs of hexadecimal digits",
        arguments: ["", "ee:ee:ee:ee:ee", "ee-ee-ee-ee-ee-ee", "ee:ee:ee:ee:ee:eg", "ee:ee:ee:ee:ee:ee:ee"])
    func refuses(text: String) {
        #expect(MACAddress(text) == nil)
    }
}

@Suite struct InterfaceNameTests {
    @Test("prints what it was given", arguments: ["lo", "eth0", "vxlan-v6.calico", "calif0123456789"])
    func roundTrip(text: String) throws {
        #expect(try #require(InterfaceName(text)).description == text)
    }

    @Test("refuses what the kernel refuses", arguments: ["", ".", "..", "a b", "a/b", "a:b", "sixteen-letters-"])
    func refuses(text: String) {
        #expect(InterfaceName(text) == nil)
    }
}
