internal import CLinux

/// What attributes are called: as `ip` and `bridge` are told them, or show them with `-d`.
extension LinkAttribute {
    static let flagNames: [Int: String] = [
        Int(IFF_NOARP): "arp", Int(IFF_PROMISC): "promisc", Int(IFF_ALLMULTI): "allmulticast",
        Int(IFF_MULTICAST): "multicast", Int(IFF_DYNAMIC): "dynamic", Int(IFF_NOTRAILERS): "trailers",
        Int(IFF_DEBUG): "debug",
    ]

    static let commonNames: [Int: String] = [
        IFLA_BROADCAST: "broadcast", IFLA_TXQLEN: "txqueuelen", IFLA_WEIGHT: "weight", IFLA_LINKMODE: "mode",
        IFLA_OPERSTATE: "operstate",
        IFLA_IFALIAS: "alias", IFLA_MTU: "mtu", IFLA_NUM_TX_QUEUES: "numtxqueues", IFLA_NUM_RX_QUEUES: "numrxqueues",
        IFLA_PROTO_DOWN: "protodown", IFLA_PROTO_DOWN_REASON: "protodown_reason", IFLA_GSO_MAX_SEGS: "gso_max_segs",
        IFLA_GSO_MAX_SIZE: "gso_max_size", IFLA_XDP: "xdp", IFLA_MIN_MTU: "minmtu", IFLA_MAX_MTU: "maxmtu",
        IFLA_GRO_MAX_SIZE: "gro_max_size", IFLA_TSO_MAX_SIZE: "tso_max_size", IFLA_TSO_MAX_SEGS: "tso_max_segs",
        // Since Linux 6.3; older headers lack them.
        63: "gso_ipv4_max_size", 64: "gro_ipv4_max_size", 66: "max_pacing_offload_horizon",
    ]

    static let programNames: [Int: String] = [
        46: "tcx ingress", 47: "tcx egress",
    ]

    static let kindNames: [String: [Int: String]] = [
        "bridge": [
            IFLA_BR_FORWARD_DELAY: "forward_delay", IFLA_BR_HELLO_TIME: "hello_time", IFLA_BR_MAX_AGE: "max_age",
            IFLA_BR_AGEING_TIME: "ageing_time", IFLA_BR_STP_STATE: "stp_state", IFLA_BR_PRIORITY: "priority",
            IFLA_BR_VLAN_PROTOCOL: "vlan_protocol", IFLA_BR_GROUP_FWD_MASK: "group_fwd_mask",
            IFLA_BR_GROUP_ADDR: "group_address", IFLA_BR_MCAST_ROUTER: "mcast_router",
            IFLA_BR_MCAST_SNOOPING: "mcast_snooping", IFLA_BR_MCAST_QUERY_USE_IFADDR: "mcast_query_use_ifaddr",
            IFLA_BR_MCAST_QUERIER: "mcast_querier", IFLA_BR_MCAST_HASH_ELASTICITY: "mcast_hash_elasticity",
            IFLA_BR_MCAST_HASH_MAX: "mcast_hash_max", IFLA_BR_MCAST_LAST_MEMBER_CNT: "mcast_last_member_count",
            IFLA_BR_MCAST_STARTUP_QUERY_CNT: "mcast_startup_query_count",
            IFLA_BR_MCAST_LAST_MEMBER_INTVL: "mcast_last_member_interval",
            IFLA_BR_MCAST_MEMBERSHIP_INTVL: "mcast_membership_interval",
            IFLA_BR_MCAST_QUERIER_INTVL: "mcast_querier_interval", IFLA_BR_MCAST_QUERY_INTVL: "mcast_query_interval",
            IFLA_BR_MCAST_QUERY_RESPONSE_INTVL: "mcast_query_response_interval",
            IFLA_BR_MCAST_STARTUP_QUERY_INTVL: "mcast_startup_query_interval",
            IFLA_BR_NF_CALL_IPTABLES: "nf_call_iptables", IFLA_BR_NF_CALL_IP6TABLES: "nf_call_ip6tables",
            IFLA_BR_NF_CALL_ARPTABLES: "nf_call_arptables", IFLA_BR_VLAN_STATS_ENABLED: "vlan_stats_enabled",
            IFLA_BR_MCAST_STATS_ENABLED: "mcast_stats_enabled", IFLA_BR_MCAST_IGMP_VERSION: "mcast_igmp_version",
            IFLA_BR_MCAST_MLD_VERSION: "mcast_mld_version", IFLA_BR_VLAN_STATS_PER_PORT: "vlan_stats_per_port",
            IFLA_BR_MULTI_BOOLOPT: "boolopt", 49: "fdb_max_learned",
        ],
        "vxlan": [
            IFLA_VXLAN_GROUP: "remote", IFLA_VXLAN_GROUP6: "remote", IFLA_VXLAN_TTL: "ttl", IFLA_VXLAN_TOS: "tos",
            IFLA_VXLAN_LEARNING: "learning", IFLA_VXLAN_AGEING: "ageing", IFLA_VXLAN_LIMIT: "maxaddress",
            IFLA_VXLAN_PORT_RANGE: "srcport", IFLA_VXLAN_PROXY: "proxy", IFLA_VXLAN_RSC: "rsc",
            IFLA_VXLAN_L2MISS: "l2miss", IFLA_VXLAN_L3MISS: "l3miss", IFLA_VXLAN_PORT: "dstport",
            IFLA_VXLAN_UDP_CSUM: "udpcsum", IFLA_VXLAN_UDP_ZERO_CSUM6_TX: "udp6zerocsumtx",
            IFLA_VXLAN_UDP_ZERO_CSUM6_RX: "udp6zerocsumrx", IFLA_VXLAN_REMCSUM_TX: "remcsumtx",
            IFLA_VXLAN_REMCSUM_RX: "remcsumrx", IFLA_VXLAN_GBP: "gbp", IFLA_VXLAN_COLLECT_METADATA: "external",
            IFLA_VXLAN_LABEL: "flowlabel", IFLA_VXLAN_GPE: "gpe", IFLA_VXLAN_TTL_INHERIT: "ttl inherit",
            IFLA_VXLAN_DF: "df", IFLA_VXLAN_VNIFILTER: "vnifilter", 31: "localbypass",
        ],
        "vlan": [
            IFLA_VLAN_FLAGS: "flags", IFLA_VLAN_EGRESS_QOS: "egress-qos-map",
            IFLA_VLAN_INGRESS_QOS: "ingress-qos-map", IFLA_VLAN_PROTOCOL: "protocol",
        ],
        "ipip": [
            IFLA_IPTUN_TTL: "ttl", IFLA_IPTUN_TOS: "tos", IFLA_IPTUN_ENCAP_LIMIT: "encaplimit",
            IFLA_IPTUN_FLOWINFO: "flowinfo", IFLA_IPTUN_FLAGS: "flags", IFLA_IPTUN_PROTO: "mode",
            IFLA_IPTUN_PMTUDISC: "pmtudisc", IFLA_IPTUN_ENCAP_TYPE: "encap", IFLA_IPTUN_ENCAP_FLAGS: "encap-flags",
            IFLA_IPTUN_ENCAP_SPORT: "encap-sport", IFLA_IPTUN_ENCAP_DPORT: "encap-dport",
            IFLA_IPTUN_COLLECT_METADATA: "external", IFLA_IPTUN_FWMARK: "fwmark",
        ],
    ]

    static let portNames: [Int: String] = [
        IFLA_BRPORT_STATE: "state", IFLA_BRPORT_PRIORITY: "priority", IFLA_BRPORT_COST: "cost",
        IFLA_BRPORT_MODE: "hairpin",
        IFLA_BRPORT_GUARD: "guard", IFLA_BRPORT_PROTECT: "root_block", IFLA_BRPORT_FAST_LEAVE: "fastleave",
        IFLA_BRPORT_LEARNING: "learning", IFLA_BRPORT_UNICAST_FLOOD: "flood", IFLA_BRPORT_PROXYARP: "proxy_arp",
        IFLA_BRPORT_LEARNING_SYNC: "learning_sync", IFLA_BRPORT_PROXYARP_WIFI: "proxy_arp_wifi",
        IFLA_BRPORT_MULTICAST_ROUTER: "mcast_router", IFLA_BRPORT_MCAST_FLOOD: "mcast_flood",
        IFLA_BRPORT_MCAST_TO_UCAST: "mcast_to_unicast", IFLA_BRPORT_VLAN_TUNNEL: "vlan_tunnel",
        IFLA_BRPORT_BCAST_FLOOD: "bcast_flood", IFLA_BRPORT_GROUP_FWD_MASK: "group_fwd_mask",
        IFLA_BRPORT_NEIGH_SUPPRESS: "neigh_suppress", IFLA_BRPORT_ISOLATED: "isolated",
        IFLA_BRPORT_BACKUP_PORT: "backup_port", IFLA_BRPORT_MRP_RING_OPEN: "mrp_ring_open",
        IFLA_BRPORT_MRP_IN_OPEN: "mrp_in_open", IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT: "mcast_eht_hosts_limit",
        IFLA_BRPORT_LOCKED: "locked", 40: "mab", 42: "mcast_max_groups", 43: "neigh_vlan_suppress",
        44: "backup_nhid",
    ]
}
