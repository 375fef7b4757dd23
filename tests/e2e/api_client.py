"""A gRPC client that knows nothing of the service before it asks: every message is built from server reflection.

Only the stubs of reflection and health themselves are generated, from Debian's grpc-proto.
"""

import atexit
import importlib
import shutil
import subprocess
import tempfile

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PROTOS = "/usr/share/grpc-proto"
PROGRESS = "ipam.progress.v1.ProgressService"


def _generate():
    folder = tempfile.mkdtemp(prefix="ipam-stubs-")
    atexit.register(shutil.rmtree, folder, True)
    subprocess.run(["protoc", "-I", PROTOS, "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin",
                    f"--python_out={folder}", f"--grpc_out={folder}", "grpc/reflection/v1alpha/reflection.proto",
                    "grpc/health/v1/health.proto"], check=True)
    grpc.__path__.append(folder + "/grpc")
    names = ("grpc.reflection.v1alpha.reflection_pb2", "grpc.reflection.v1alpha.reflection_pb2_grpc",
             "grpc.health.v1.health_pb2", "grpc.health.v1.health_pb2_grpc")
    return [importlib.import_module(name) for name in names]


reflection_pb2, reflection_grpc, health_pb2, health_grpc = _generate()


class Api:
    """Use as a context manager. `call(method, **fields)` answers a message, or an iterator of them for a stream."""

    def __init__(self, port, service=PROGRESS):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        # Channels of one process share their connections: one that was just refused waits before the next attempt.
        grpc.channel_ready_future(self.channel).result(timeout=30)
        self.pool = descriptor_pool.DescriptorPool()
        self.factory = message_factory.MessageFactory(self.pool)
        self.reflection = reflection_grpc.ServerReflectionStub(self.channel)
        self.health = health_grpc.HealthStub(self.channel)
        self._load(service)
        self.service = self.pool.FindServiceByName(service)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def _reflect(self, **request):
        [answer] = self.reflection.ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(**request)]), timeout=30)
        return answer

    def services(self):
        return [s.name for s in self._reflect(list_services="*").list_services_response.service]

    def _load(self, symbol):
        answer = self._reflect(file_containing_symbol=symbol)
        files = {}
        for data in answer.file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(data)
            files[file.name] = file
        if not files:
            raise LookupError(answer.error_response.error_message)

        def add(name):
            file = files.pop(name, None)
            if file is None:
                return
            for dependency in file.dependency:
                add(dependency)
            self.pool.Add(file)

        while files:
            add(next(iter(files)))

    def message(self, name, /, **fields):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name))(**fields)

    def call(self, method, /, timeout=30, **fields):
        description = self.service.FindMethodByName(method)
        request = self.message(description.input_type.full_name, **fields)
        answer = self.factory.GetPrototype(description.output_type)
        path = f"/{self.service.full_name}/{method}"
        # protobuf's Python does not tell whether a method streams; its descriptor does.
        proto = descriptor_pb2.MethodDescriptorProto()
        description.CopyToProto(proto)
        kind = self.channel.unary_stream if proto.server_streaming else self.channel.unary_unary
        return kind(path, request_serializer=type(request).SerializeToString,
                    response_deserializer=answer.FromString)(request, timeout=timeout, wait_for_ready=False)

    def watch(self, timeout=60, **fields):
        return self.call("WatchOperations", timeout=timeout, **fields)

    def state(self, value):
        return self.pool.FindEnumTypeByName("ipam.progress.v1.OperationState").values_by_number[value].name

    def details(self, error, kind="google.rpc.ErrorInfo"):
        """The detail of that kind in the google.rpc.Status of a refused call, or None."""
        data = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
        if data is None:
            return None
        status = self.message("google.rpc.Status")
        status.ParseFromString(data)
        for detail in status.details:
            if detail.type_url.endswith("/" + kind):
                self._know(kind)
                message = self.message(kind)
                message.ParseFromString(detail.value)
                return message
        return None

    def _know(self, name):
        try:
            self.pool.FindMessageTypeByName(name)
        except KeyError:
            self._load(name)
