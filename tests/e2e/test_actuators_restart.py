"""kill -9 of the management server while Kea or PowerDNS is at work on an entity: it is read back, and given to it once."""

import unittest

from hold import HttpProxy, KeaProxy
from real_servers import Kea, PowerDns
from stack import Stack, records


def scope(number):
    return {"createDhcpScope": {"scope": {
        "startAddress": f"10.77.{number}.10", "endAddress": f"10.77.{number}.200", "subnetMask": "255.255.255.0",
        "prefixLength": 24, "scopeId": f"10.77.{number}.0", "scopeName": "typed", "parentDhcpServerRecordId": 17,
        "v4": {"leaseDuration": "7200s"}}}}


class KilledAtAServer(unittest.TestCase):
    def opened(self, one):
        self.addCleanup(one.close)
        return one

    def kill_at(self, stack, proxy, body, command, when):
        """What the proxy saw behind the restart; the operation succeeded."""
        proxy.hold(command, when)
        name = stack.request("/v1/operations", body)["name"]
        proxy.wait_held()
        stack.kill("server")
        proxy.release()
        proxy.take()
        stack.start_server()
        done = stack.wait_done(name, 120)
        self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED", done)
        stack.wait_source("SOURCE_STATE_CONNECTED", 60)
        return proxy.take()

    def test_a_scope_is_read_back_from_kea(self):
        kea = self.opened(Kea())
        proxy = self.opened(KeaProxy(kea))
        with Stack(server_args=[f"--engine-actuator=server=17 kea=unix:{proxy.socket}"]) as stack:
            # The first entity of the operation is the scope.
            for number, command, when, expected in (
                    (1, "config-set", "before", ["config-get", "config-test", "config-get", "config-set", "config-write"]),
                    (2, "config-set", "after", ["config-get", "config-write"]),
                    (3, "config-write", "after", ["config-get", "config-write"])):
                with self.subTest(command=command, when=when):
                    seen = self.kill_at(stack, proxy, scope(number), command, when)
                    self.assertEqual(seen[:len(expected)], expected)
                    self.assertIn(f"10.77.{number}.0/24", kea.subnets())
                    self.assertIn(f"10.77.{number}.0/24", (kea.dir / "kea.json").read_text())
            scopes = stack.run_server_command("show", "dhcp_scopes").stdout
            for number in (1, 2, 3):
                self.assertEqual(scopes.count(f"10.77.{number}.0 "), 1, scopes)
            ours = [s["user-context"]["ipam"]["record-id"] for s in kea.subnets().values()]
            self.assertEqual(len(ours), len(set(ours)))

    def test_records_are_read_back_from_powerdns(self):
        powerdns = self.opened(PowerDns())
        proxy = self.opened(HttpProxy(powerdns.api_port))
        actuator = f"--engine-actuator=server=31 powerdns=http://127.0.0.1:{proxy.port} key_file={powerdns.dir}/key"
        with Stack(server_args=[actuator]) as stack:
            done = stack.wait_done(stack.start("CreateDnsZone")["name"], 120)
            self.assertIn("SUCCEEDED", done["state"], done)

            def serial():
                return int(powerdns.dig("plant.ad.example.org", "SOA")[0].split()[2])

            for record, when, patches in (("one", "before", 1), ("two", "after", 0)):
                with self.subTest(when=when):
                    before = serial()
                    seen = self.kill_at(stack, proxy, {"parametersXml": records(1, record)}, "PATCH", when)
                    self.assertEqual(seen[0], "GET", "it is read back")
                    self.assertEqual(seen.count("PATCH"), patches)
                    self.assertTrue(powerdns.dig(f"{record}-0.plant.ad.example.org", "CNAME"))
                    self.assertEqual(serial(), before + 1, "changed once")


if __name__ == "__main__":
    unittest.main()
