"""What operations make of DHCPv6, of the control agent, of failover, of reverse zones, transfers and forwarders, read back from
Kea and PowerDNS of the distribution."""

import json
import os
import signal
import socket
import sqlite3
import tempfile
import unittest

from hold import HttpProxy, KeaProxy
from real_servers import HOOKS, ControlAgent, Kea, PowerDns, Recursor
from stack import Stack, sample, wait_until

DHCPV6 = """
dhcp_servers:
  - recordId: 19
    serverRoleInfo: {recordId: 21}
    v6: {}
    optionDefinitions: {optionDefinitionsInCollection: [
      {recordId: 91, optionId: 23, name: DNS servers, optionType: IPv6Address, optionCollectionType: MultiValue, v6: {}}]}
"""

PRIMARY = {"zoneType": "ZONE_HOSTING_DNS_SERVER_TYPE_PRIMARY", "zoneConfiguration": "ZONE_CONFIGURATION_FILE_BACKED"}
STATIC = {"dynamicUpdateStatus": "DNS_DYNAMIC_UPDATE_SETTING_NONE"}
SECONDARY = {**PRIMARY, "zoneType": "ZONE_HOSTING_DNS_SERVER_TYPE_SECONDARY"}
FORWARD, REVERSE = "ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE", "ZONE_LOOKUP_TYPE_DNS_REVERSE_LOOKUP_ZONE"


def can_listen_at(address):
    with socket.socket() as s:
        try:
            s.bind((address, 53))
        except OSError:
            return False
    return True


class RealServers(unittest.TestCase):
    def opened(self, one):
        self.addCleanup(one.close)
        return one

    def run_typed(self, stack, kind, parameters, state="OPERATION_STATE_SUCCEEDED"):
        name = stack.request("/v1/operations", {kind: parameters})["name"]
        done = stack.wait_done(name, 120)
        self.assertEqual(done["state"], state, json.dumps(done, indent=1)[:4000])
        return done

    @staticmethod
    def row(stack, sql):
        store = sqlite3.connect(f"file:{stack.dir}/ipam.db?mode=ro", uri=True)
        try:
            return store.execute(sql).fetchone()
        finally:
            store.close()

    # --- Kea ----------------------------------------------------------------------------------------------------------
    def test_dhcpv6_scope_exclusion_option_reservation_and_a_lease(self):
        kea = self.opened(Kea(6))
        stack = Stack(server_args=[f"--engine-actuator=server=19 kea=unix:{kea.socket}"])
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as more:
            more.write(DHCPV6)
            more.flush()
            stack.run_server_command("import", more.name)
        with stack:
            self.run_typed(stack, "createDhcpScope", {"scope": {
                "scopeId": "2001:db8:77::", "prefixLength": 64, "scopeName": "six", "parentDhcpServerRecordId": 19,
                "v6": {"validLeaseTime": "7200s", "preferredLeaseTime": "3600s"},
                "exclusionRanges": {"operationTracker": [{"operation": "COLLECTION_OPERATIONS_ADD", "value": {
                    "startAddress": "2001:db8:77::", "endAddress": "2001:db8:77::ffff", "v6": {}}}]},
                "options": {"operationTracker": [{"operation": "COLLECTION_OPERATIONS_ADD", "value": {
                    "optionDefinition": {"recordId": 91, "optionId": 23, "v6": {}}, "v6": {},
                    "values": [{"ipAddress": "2001:db8::53"}]}}]}}})
            subnet = kea.subnets()["2001:db8:77::/64"]
            self.assertIn("2001:db8:77::1:0", json.dumps(subnet["pools"]), "the exclusion takes from the pool")
            self.assertIn("2001:db8::53", json.dumps(subnet["option-data"]))
            self.assertEqual((subnet["valid-lifetime"], subnet["preferred-lifetime"]), (7200, 3600))
            scope = self.row(stack, "SELECT record_id FROM dhcp_scopes WHERE server_id = 19")[0]
            self.run_typed(stack, "createDhcpReservation", {"scopeRecordId": scope, "reservation": {
                "address": "2001:db8:77::aaaa", "name": "cell", "parentScope": {
                    "recordId": scope, "scopeId": "2001:db8:77::", "prefixLength": 64, "v6": {}},
                "v6": {"duid": "00-03-00-01-02-00-5E-10-00-01", "iaid": 7}}})
            self.assertEqual(kea.subnets()["2001:db8:77::/64"]["reservations"][0]["ip-addresses"], ["2001:db8:77::aaaa"])
            address, options = kea.lease6("2001:db8:77::1")
            self.assertEqual(address, "2001:db8:77::aaaa", "the client that it is reserved for")
            self.assertNotIn(13, options, "a status is a refusal")

    def test_a_kea_behind_its_control_agent_with_a_password(self):
        kea = self.opened(Kea())
        agent = self.opened(ControlAgent(kea, password="s3cret of the agent"))
        actuator = f"--engine-actuator=server=17 kea=http://127.0.0.1:{agent.port} user=ipam password_file="
        with Stack(server_args=[actuator + str(agent.dir / "password")]) as stack:
            done = stack.wait_done(stack.start("CreateDhcpScope")["name"], 120)
            self.assertIn("SUCCEEDED", done["state"], done)
            self.assertIn("172.16.40.0/22", kea.subnets())
            self.assertTrue(kea.lease("172.16.40.1").startswith("172.16.4"))
            self.assertNotIn("s3cret", stack.log("server"))
            (agent.dir / "password").write_text("guessed\n")
            self.assertEqual(stack.stop("server"), 0)
            stack.start_server()
            stack.wait_source("SOURCE_STATE_CONNECTED", 60)
            refused = stack.wait_done(stack.start("CreateDhcpReservation")["name"], 120)
            self.assertNotIn("SUCCEEDED", refused["state"])
            self.assertIn("password", refused["error"]["message"])

    def test_what_kea_cannot_express_is_a_warning_with_the_reason(self):
        kea = self.opened(Kea())
        with Stack(server_args=[f"--engine-actuator=server=17 kea=unix:{kea.socket}"]) as stack:
            done = self.run_typed(stack, "createDhcpScope", {"scope": {
                "scopeId": "10.77.0.0", "prefixLength": 24, "startAddress": "10.77.0.10", "endAddress": "10.77.0.200",
                "subnetMask": "255.255.255.0", "scopeName": "slow", "parentDhcpServerRecordId": 17,
                "v4": {"leaseDuration": "7200s", "subnetDelay": 900}}}, "OPERATION_STATE_SUCCEEDED_WITH_WARNINGS")
            self.assertIn("10.77.0.0/24", kea.subnets())
            self.assertIn("Kea delays no offers", json.dumps(stack.events(done["name"])))

    def test_the_server_stops_in_time_though_kea_hangs_and_goes_on_when_it_is_back(self):
        kea = self.opened(Kea())
        with Stack(server_args=[f"--engine-actuator=server=17 kea=unix:{kea.socket}"]) as stack:
            os.kill(kea.process.pid, signal.SIGSTOP)
            name = stack.start("CreateDhcpScope")["name"]
            wait_until(lambda: any(e.get("subtaskChanged", {}).get("status", "").endswith("IN_PROGRESS")
                                   for e in stack.events(name)), what="an entity at work")
            self.assertEqual(stack.stop("server"), 0)  # within its 10 seconds
            os.kill(kea.process.pid, signal.SIGCONT)
            stack.start_server()
            done = stack.wait_done(name, 120)
            self.assertIn("SUCCEEDED", done["state"], done)
            self.assertIn("172.16.40.0/22", kea.subnets())

    @unittest.skipUnless(HOOKS, "no hooks of Kea")
    def test_a_partner_that_refuses_leaves_both_as_they_were(self):
        one, two = self.opened(Kea()), self.opened(Kea())
        proxy = self.opened(KeaProxy(two))
        before = one.section(), two.section()
        files = [(k.dir / "kea.json").read_text() for k in (one, two)]
        with Stack(server_args=[self.partner(17, one), self.partner(18, two, proxy.socket)]) as stack:
            rows = stack.run_server_command("export").stdout
            for command in ("config-test", "config-set"):
                with self.subTest(command):
                    proxy.refused = command
                    done = stack.wait_done(stack.start("CreateDhcpFailover")["name"], 120)
                    self.assertNotIn("SUCCEEDED", done["state"])
                    self.assertIn("is refused here", done["error"]["message"])
                    self.assertEqual((one.section(), two.section()), before)
                    self.assertEqual(stack.run_server_command("export").stdout, rows)
            # Only the first one came as far as its file, which holds what it held, in Kea's words.
            self.assertEqual((two.dir / "kea.json").read_text(), files[1])
            self.assertNotIn("libdhcp_ha", (one.dir / "kea.json").read_text())

    @staticmethod
    def partner(server, kea, path=None):
        return (f"--engine-actuator=server={server} kea=unix:{path or kea.socket} hooks={HOOKS} "
                f"ha_url=http://127.0.0.1:{kea.ha_port}/")

    @unittest.skipUnless(HOOKS, "no hooks of Kea")
    def test_a_partner_takes_over_when_the_other_one_dies(self):
        one, two = self.opened(Kea()), self.opened(Kea())
        for kea in (one, two):  # by which the partners hear each other
            self.opened(ControlAgent(kea, port=kea.ha_port))

        def state(kea):
            status = kea.command("status-get")["arguments"]["high-availability"][0]
            return status["ha-servers"]["local"]["state"]

        with Stack(server_args=[self.partner(17, one), self.partner(18, two)]) as stack:
            parameters = sample("CreateDhcpFailover").replace("<StateSwitchInterval>PT1H", "<StateSwitchInterval>PT1S")
            name = stack.request("/v1/operations", {"parametersXml": parameters})["name"]
            done = stack.wait_done(name, 120)
            self.assertIn("SUCCEEDED", done["state"], done)
            relation = self.row(stack, "SELECT record_id FROM dhcp_failover_relations")[0]
            self.run_typed(stack, "replicateRelation", {"failoverRelation": {"recordId": relation}})
            for kea in (one, two):
                wait_until(lambda k=kea: state(k) == "load-balancing", 120, "load balancing")
                self.assertIn("192.168.8.0/24", kea.subnets())
            two.kill()
            wait_until(lambda: state(one) == "partner-down", 120, "the partner to be known as down")
            # Of the whole range now, whoever of the two the client would have been given to.
            self.assertTrue(one.lease("192.168.8.1").startswith("192.168.8."))

    # --- PowerDNS -----------------------------------------------------------------------------------------------------
    @staticmethod
    def dns(server, api_port, key, recursor=None):
        return (f"--engine-actuator=server={server} powerdns=http://127.0.0.1:{api_port} key_file={key}" +
                (f" recursor=http://127.0.0.1:{recursor}" if recursor else ""))

    def test_reverse_zones_of_both_families_and_a_reload(self):
        powerdns = self.opened(PowerDns())
        proxy = self.opened(HttpProxy(powerdns.api_port))
        with Stack(server_args=[self.dns(31, proxy.port, powerdns.dir / "key")]) as stack:
            for name, lookup, pointer in (
                    ("8.168.192.in-addr.arpa", {
                        "ipType": "ADDRESS_FAMILY_INTER_NETWORK", "prefix": 24, "startIp": "192.168.8.0",
                        "endIp": "192.168.8.255"}, "7"),
                    ("7.7.0.0.8.b.d.0.1.0.0.2.ip6.arpa", {
                        "ipType": "ADDRESS_FAMILY_INTER_NETWORK_V6", "prefix": 48, "startIp": "2001:db8:77::",
                        "endIp": "2001:db8:77:ffff:ffff:ffff:ffff:ffff"}, "a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0")):
                with self.subTest(name):
                    self.run_typed(stack, "createDnsZone", {"serverId": 31, "serverZone": {
                        **PRIMARY, "zoneFileName": f"{name}.dns",
                        "server": {"serverRoleInfo": {"recordId": 31}},
                        "dnsServerReverseZone": {"zone": {"name": name, **STATIC,
                                                          "dnsReverseLookupZone": lookup}}}})
                    self.assertIn(f"{name}.", powerdns.zones())
                    zone, hosted = self.row(
                        stack, "SELECT s.zone_id, s.record_id FROM dns_server_reverse_zones AS s JOIN dns_reverse_zones AS z"
                               f" ON z.record_id = s.zone_id WHERE z.name = '{name}'")
                    self.run_typed(stack, "createDnsResourceRecords", {
                        "serverZoneId": hosted, "zoneType": REVERSE, "resourceRecords": [{
                            "name": pointer, "recordClass": "IN", "recordType": "DNS_RESOURCE_RECORD_TYPE_PTR", "ttl": "600s",
                            "zoneName": name, "zoneRecordId": zone, "zoneType": REVERSE,
                            "recordData": {"ptr": {"hostname": "press.example.org."}}}]})
                    self.assertEqual(powerdns.dig(f"{pointer}.{name}", "PTR"), ["press.example.org."])
                    proxy.take()
                    self.run_typed(stack, "reloadDnsZones", {"serverZoneIds": [hosted], "zoneType": REVERSE})
                    self.assertEqual(proxy.take()[-2:], ["PUT rectify", "PUT notify"])

    @unittest.skipUnless(can_listen_at("127.9.53.1"), "port 53 cannot be had")
    def test_a_secondary_fetches_its_zone_and_a_recursor_forwards_it(self):
        primary, secondary = self.opened(PowerDns("127.9.53.1")), self.opened(PowerDns())
        recursor = self.opened(Recursor())
        with Stack(server_args=[self.dns(31, primary.api_port, primary.dir / "key"),
                                self.dns(32, secondary.api_port, secondary.dir / "key", recursor.api_port)]) as stack:
            zone = {"name": "cells.example.org", **STATIC, "dnsZone": {"shortName": "cells"}}
            self.run_typed(stack, "createDnsZone", {"serverId": 31, "serverZone": {
                **PRIMARY, "zoneFileName": "cells.dns",
                "server": {"serverRoleInfo": {"recordId": 31}}, "dnsServerZone": {"zone": zone}}})
            number, hosted = self.row(stack, "SELECT s.zone_id, s.record_id FROM dns_server_zones AS s JOIN dns_zones AS z"
                                             " ON z.record_id = s.zone_id WHERE z.name = 'cells.example.org'")

            def add(name, address):
                self.run_typed(stack, "createDnsResourceRecords", {
                    "serverZoneId": hosted, "zoneType": FORWARD, "resourceRecords": [{
                        "name": name, "recordClass": "IN", "recordType": "DNS_RESOURCE_RECORD_TYPE_A", "ttl": "5s",
                        "zoneName": "cells.example.org", "zoneRecordId": number, "zoneType": FORWARD,
                        "recordData": {"a": {"address": address}}}]})

            add("www", "192.0.2.1")
            self.assertEqual(primary.dig("www.cells.example.org", "A"), ["192.0.2.1"])
            self.run_typed(stack, "createDnsZone", {"serverId": 32, "serverZone": {
                **SECONDARY, "zoneFileName": "cells.dns",
                "masterServers": ["127.9.53.1"], "server": {"serverRoleInfo": {"recordId": 32}},
                "dnsServerZone": {"zone": zone}}})
            copy = self.row(stack, f"SELECT record_id FROM dns_server_zones WHERE zone_id = {number} AND server_id = 32")[0]
            add("later", "192.0.2.2")
            self.run_typed(stack, "dnsZonesTransfer", {"serverZoneIds": [copy], "zoneType": FORWARD})
            wait_until(lambda: secondary.dig("later.cells.example.org", "A") == ["192.0.2.2"], 60, "the transfer")

            forwarder = {"name": "cells.example.org", "dnsServerId": 32,
                         "conditionalForwarderType": "DNS_CONDITIONAL_FORWARDER_TYPE_REGISTRY", "masterServers": ["127.9.53.1"]}
            self.run_typed(stack, "createDnsConditionalForwarders", {"conditionalForwarders": [forwarder]})
            self.assertEqual(recursor.dig("www.cells.example.org", "A"), ["192.0.2.1"])


if __name__ == "__main__":
    unittest.main()
