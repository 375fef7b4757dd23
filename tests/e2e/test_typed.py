"""The 49 operations by type: over gRPC by reflection, over REST, and by ipamctl."""

import json
import os
import subprocess
import tempfile
import unittest

import grpc
from google.protobuf import json_format

from api_client import Api
from stack import BIN, FINAL, HttpError, Stack, wait_until

SCOPE = {"startAddress": "10.77.0.10", "endAddress": "10.77.0.200", "subnetMask": "255.255.255.0", "prefixLength": 24,
         "scopeId": "10.77.0.0", "scopeName": "typed", "parentDhcpServerRecordId": 17,
         "v4": {"leaseDuration": "7200s"}}


class Typed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.stack = Stack()
        cls.stack.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.stack.__exit__(None, None, None)
        cls.home.cleanup()

    def ipamctl(self, *arguments, code=0, text=None):
        done = subprocess.run([BIN / "ipamctl", f"--gateway=127.0.0.1:{self.stack.grpc_port}", *arguments], input=text,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def show(self, *arguments):
        return self.stack.run_server_command("show", *arguments).stdout

    def test_all_49_are_taken_by_grpc_and_rest(self):
        with Api(self.stack.grpc_port) as api:
            members = [f for f in api.pool.FindMessageTypeByName("ipam.progress.v1.StartOperationRequest").fields
                       if f.number > 100]
            self.assertEqual([f.number for f in members], list(range(101, 150)))
            for member in members:
                with self.subTest(member.name):
                    parameters = json.loads(self.ipamctl("template", member.name, "--output=json").stdout)
                    body = {member.json_name: parameters, "validateOnly": True}
                    request = api.message("ipam.progress.v1.StartOperationRequest")
                    json_format.ParseDict(body, request, descriptor_pool=api.pool)
                    fields = {member.name: getattr(request, member.name), "validate_only": True}
                    checked = api.call("StartOperation", **fields)
                    self.assertEqual(checked.kind.lower(), member.name.replace("_", ""))
                    answer = self.stack.request("/v1/operations", body)
                    self.assertEqual(answer, {"source": "ipam1", "kind": checked.kind})
                    with self.assertRaises(HttpError) as refused:
                        self.stack.request("/v1/operations", {member.json_name: {**parameters, "xyzzy": 1}})
                    self.assertEqual(refused.exception.code, 400)
                    self.assertIn("xyzzy", refused.exception.status["message"])

    def test_a_typed_operation_runs_and_its_key_is_kept(self):
        body = {"createDhcpScope": {"scope": SCOPE}, "requestId": "typed-1"}
        started = self.stack.request("/v1/operations", body)
        self.assertEqual(started["kind"], "CreateDhcpScope")
        self.assertEqual(self.stack.request("/v1/operations", body)["name"], started["name"])
        with self.assertRaises(HttpError) as refused:
            self.stack.request("/v1/operations", {**body, "createDhcpScope": {"scope": {**SCOPE, "scopeName": "x"}}})
        self.assertEqual(refused.exception.code, 409)
        done = self.stack.wait_done(started["name"])
        self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED", json.dumps(done, indent=1))
        [row] = json.loads(self.show("dhcp_scopes", "--filter", "scope_name = TYPED", "--output=json"))
        self.assertEqual((row["startAddress"], row["v4"]["leaseDuration"]), ("10.77.0.10", "7200s"))

    def test_a_refusal_names_the_field(self):
        for scope, field in (({**SCOPE, "startAddress": "10.77.0.999"}, "create_dhcp_scope.scope.start_address"),
                             (None, "create_dhcp_scope.scope")):
            body = {"createDhcpScope": {"scope": scope} if scope else {}}
            with self.subTest(field), self.assertRaises(HttpError) as refused:
                self.stack.request("/v1/operations", body)
            self.assertEqual(refused.exception.code, 400)
            self.assertTrue(refused.exception.status["message"].startswith(field + ": "), refused.exception.status)
            [violation] = refused.exception.status["details"][0]["fieldViolations"]
            self.assertEqual(violation["field"], field)
        with Api(self.stack.grpc_port) as api, self.assertRaises(grpc.RpcError) as error:
            request = api.message("ipam.progress.v1.StartOperationRequest")
            request.create_dhcp_scope.SetInParent()
            api.call("StartOperation", create_dhcp_scope=request.create_dhcp_scope)
        self.assertEqual(error.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(error.exception.details(), "create_dhcp_scope.scope: is missing or empty")

    def test_the_command_line_starts_lists_and_submits_again(self):
        # The sample, as it is printed, is checked and not started.
        sample = self.ipamctl("template", "delete-dns-zones").stdout
        self.assertIn("valid DeleteDnsZones", self.ipamctl("start", "delete-dns-zones", "--from", "-",
                                                           "--validate-only", text=sample).stdout)
        zone = [z for z in json.loads(self.show("dns_server_zones", "--output=json"))][0]
        records = [{"name": name, "recordType": "DNS_RESOURCE_RECORD_TYPE_A", "recordData": {"a": {"address": address}}}
                   for name, address in (("typed-a", "10.77.0.1"), ("typed-b", "10.77.0.2"), ("typed-a", "10.77.0.1"))]
        parameters = {"resourceRecords": records, "serverZoneId": zone["recordId"],
                      "zoneType": "ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE"}
        started = self.ipamctl("start", "create-dns-resource-records", "--from", "-", "--watch", "--progress=quiet",
                               code=3, text=json.dumps(parameters)).stdout
        name = started.split()[0]
        results = self.ipamctl("results", name).stdout
        self.assertIn("partially failed", results)
        self.assertEqual(results.count("completed with success"), 2, results)
        failed = json.loads(self.ipamctl("results", name, "--failed", "--output=json").stdout)
        self.assertEqual([e["outcome"] for e in failed["entities"]], ["SUBTASK_STATUS_COMPLETED_WITH_ERROR"])

        again = self.ipamctl("retry", name, "--failed", "--watch", "--progress=quiet", code=1).stdout.split()[0]
        operation = wait_until(lambda: (lambda o: o if o.get("state") in FINAL else None)(self.stack.get(again)))
        self.assertEqual((operation["kind"], operation["counts"]["total"]), ("CreateDnsResourceRecords", 1))
        # One entity, and nothing of it is done: the whole again.
        last = self.ipamctl("retry", again, "--failed", "--validate-only").stdout
        self.assertIn("valid CreateDnsResourceRecords", last)
        done = self.stack.wait_done(self.stack.start_records(2, "typed-done")["name"])
        refused = self.ipamctl("retry", done["name"], "--failed", code=5).stderr
        self.assertIn("nothing of it failed", refused)

    def test_completion_asks_the_gateway(self):
        name = self.stack.start("CreateDnsZone", validateOnly=False)["name"].split("/")[1]
        # Each takes its own script as its own way of use says, and completes a line with it.
        shells = {
            "bash": """source <(ipamctl completion bash); COMP_WORDS=($LINE ''); [[ $LINE == *' ' ]] || unset 'COMP_WORDS[-1]'
                       COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _ipamctl; printf '%s\\n' "${COMPREPLY[@]}\"""",
            "zsh": """autoload -U compinit; compinit -u -D; source <(ipamctl completion zsh); words=("${(@s: :)LINE}")
                      CURRENT=${#words}; compadd() { shift; print -l -- "$@" }; _files() { print -l -- *(N) }; _ipamctl""",
            "fish": "ipamctl completion fish | source; complete -C $LINE"}
        for shell, script in shells.items():
            for line, wanted in (("ipamctl ", "start"), ("ipamctl get " + name[:6], name),
                                 ("ipamctl template create-dns-z", "create-dns-zone")):
                with self.subTest(shell=shell, line=line):
                    environment = {**os.environ, "IPAM_GRPC": f"127.0.0.1:{self.stack.grpc_port}", "LINE": line,
                                   "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": self.home.name}
                    done = subprocess.run([shell, "-c", script], capture_output=True, text=True, timeout=120,
                                          env=environment)
                    self.assertIn(wanted, done.stdout.split(), done.stderr)

    def test_show_prints_rows_and_lists_what_there_is(self):
        table = self.show("dhcp_scopes")
        self.assertRegex(table, r"^[a-z0-9_. ]*\bscope_id\b")
        with self.assertRaises(subprocess.CalledProcessError) as unknown:
            self.show("scopes")
        self.assertIn("there is no table 'scopes'; the tables are ", unknown.exception.stderr)
        self.assertIn("dhcp_scopes", unknown.exception.stderr)
        with self.assertRaises(subprocess.CalledProcessError) as unknown:
            self.show("dhcp_scopes", "--filter", "colour = red")
        self.assertIn("DhcpScope has no field 'colour'", unknown.exception.stderr)
        # No secret of a failover relationship is shown.
        self.stack.wait_done(self.stack.start("CreateDhcpFailover")["name"])
        for output in ("table", "json"):
            self.assertNotIn("secret", self.show("dhcp_failover_relations", f"--output={output}").replace("sharedSecretEnabled", "")
                             .replace("shared_secret_enabled", "").lower())
