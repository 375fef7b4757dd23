"""Operations through the gateway, on real servers: Kea and PowerDNS do what the store says, or neither does."""

import json
import subprocess
import tempfile
import unittest

from real_servers import HOOKS, Kea, PowerDns
from stack import BIN, Stack


class Actuators(unittest.TestCase):
    def setUp(self):
        self.opened = []

    def tearDown(self):
        for one in reversed(self.opened):
            one.close()

    def kea(self):
        self.opened.append(Kea())
        return self.opened[-1]

    def powerdns(self):
        self.opened.append(PowerDns())
        return self.opened[-1]

    @staticmethod
    def run_operation(stack, kind):
        return stack.wait_done(stack.start(kind)["name"], 120)

    def succeed(self, stack, kind):
        done = self.run_operation(stack, kind)
        logs = "\n".join((one.dir / "log").read_text()[-6000:] for one in self.opened)
        self.assertIn("SUCCEEDED", done["state"], f"{json.dumps(done, indent=1)[:4000]}\n{logs}")

    def test_a_scope_is_a_subnet_that_gives_leases(self):
        kea = self.kea()
        with Stack(server_args=[f"--engine-actuator=server=17 kea=unix:{kea.socket}"]) as stack:
            self.succeed(stack, "CreateDhcpScope")
            subnet = kea.subnets()["172.16.40.0/22"]
            self.assertIn("172.16.40.50", json.dumps(subnet["pools"]), "the exclusion splits the pool")
            address = kea.lease("172.16.40.1")
            self.assertTrue(address.startswith("172.16.4"), address)
            self.assertIn("172.16.40.0/22", (kea.dir / "kea.json").read_text(), "config-write")
            self.succeed(stack, "CreateDhcpReservation")
            self.assertTrue(any(s["reservations"] for s in kea.subnets().values()))

    def test_a_refused_scope_leaves_server_and_store_as_they_were(self):
        kea = self.kea()
        # Somebody else's subnet, which the scope would overlap.
        kea.kill()
        kea.configuration["Dhcp4"]["subnet4"] = [{"id": 4000, "subnet": "172.16.40.0/22"}]
        (kea.dir / "kea.json").write_text(json.dumps(kea.configuration))
        kea.run()
        before = kea.section()
        with Stack(server_args=[f"--engine-actuator=server=17 kea=unix:{kea.socket}"]) as stack:
            rows = stack.run_server_command("export").stdout
            done = self.run_operation(stack, "CreateDhcpScope")
            self.assertNotIn("SUCCEEDED", done["state"])
            self.assertIn("172.16.40.0/22", done["error"]["message"], "Kea's words")
            self.assertEqual(kea.section(), before)
            self.assertEqual(stack.run_server_command("export").stdout, rows)

    def test_a_silent_server_fails_its_own_subtasks(self):
        kea, powerdns = self.kea(), self.powerdns()
        with Stack(server_args=[f"--engine-actuator=server=17 kea=unix:{kea.socket}",
                                f"--engine-actuator=server=31 powerdns=http://127.0.0.1:{powerdns.api_port} "
                                f"key_file={powerdns.dir}/key"]) as stack:
            kea.kill()
            self.assertNotIn("SUCCEEDED", self.run_operation(stack, "CreateDhcpScope")["state"])
            self.succeed(stack, "CreateDnsZone")
            kea.run()
            self.succeed(stack, "CreateDhcpScope")
            self.assertIn("172.16.40.0/22", kea.subnets())

    def test_zones_and_records_are_what_dig_finds(self):
        powerdns = self.powerdns()
        actuators = [f"--engine-actuator=server={n} powerdns=http://127.0.0.1:{powerdns.api_port} "
                     f"key_file={powerdns.dir}/key" for n in (31, 32)]
        with Stack(server_args=actuators) as stack:
            self.succeed(stack, "CreateDnsZone")
            self.assertEqual(powerdns.zones(), ["plant.ad.example.org."])
            self.assertTrue(powerdns.dig("plant.ad.example.org", "SOA"))
            self.succeed(stack, "CreateDnsResourceRecords")
            self.assertTrue(powerdns.dig("historian.plant.ad.example.org", "CNAME"))
            self.assertNotIn("k3y", stack.log("server"))

    @unittest.skipUnless(HOOKS, "no hooks of Kea")
    def test_failover_is_the_hook_on_both_servers_or_on_none(self):
        one, two = self.kea(), self.kea()

        def actuator(server, kea):
            return (f"--engine-actuator=server={server} kea=unix:{kea.socket} hooks={HOOKS} "
                    f"ha_url=http://127.0.0.1:{kea.ha_port}/")

        before = one.section()
        two.kill()
        with Stack(server_args=[actuator(17, one), actuator(18, two)]) as stack:
            self.assertNotIn("SUCCEEDED", self.run_operation(stack, "CreateDhcpFailover")["state"])
            self.assertEqual(one.section(), before)
            two.run()
            self.succeed(stack, "CreateDhcpFailover")
            for kea, name in ((one, "server1"), (two, "server2")):
                hooks = {h["library"].rpartition("/")[2]: h for h in kea.section()["hooks-libraries"]}
                relation = hooks["libdhcp_ha.so"]["parameters"]["high-availability"][0]
                self.assertEqual(relation["this-server-name"], name)
                self.assertEqual([p["url"] for p in relation["peers"]],
                                 [f"http://127.0.0.1:{k.ha_port}/" for k in (one, two)])


class Options(unittest.TestCase):
    def test_a_wrong_actuator_is_one_clear_line(self):
        accounts = tempfile.NamedTemporaryFile()  # of mode 0600, without accounts
        self.addCleanup(accounts.close)
        for text, words in (("kea=unix:/x", "server is missing"), ("server=17", "either kea"),
                            ("server=17 kea=/x", "unix:/PATH"), ("server=17 kea=unix:/x colour=red", "unknown key colour"),
                            ("server=x kea=unix:/x", "record id"), ("server=31 powerdns=http://x", "key_file is missing"),
                            ("server=17 kea=http://x user=u", "go together"),
                            ("server=31 powerdns=http://x key_file=/does/not/exist", "cannot read")):
            with self.subTest(text):
                ran = subprocess.run([BIN / "ipam-dcom-server", f"--auth-accounts={accounts.name}", "--store-path=:memory:",
                                      "--dcom-listen=127.0.0.1:0", f"--engine-actuator={text}"],
                                     capture_output=True, text=True, timeout=120)
                self.assertEqual(ran.returncode, 2, ran.stderr)
                self.assertIn(words, ran.stderr)
                self.assertEqual(len(ran.stderr.strip().split("\n")), 1, ran.stderr)


if __name__ == "__main__":
    unittest.main()
