"""The small API as Django REST Framework serves it (Debian's python3-djangorestframework). Prints `port N`.

drf_spectacular.json is its document, by hand in the style of drf-spectacular 0.27, which Debian does not have.
"""
import sys

from django.conf import settings

# Gatehouse removed the credential and has proven the caller: the service asks for none.
settings.configure(SECRET_KEY="a test", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], USE_TZ=True, TIME_ZONE="UTC", INSTALLED_APPS=["rest_framework"],
                   REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "DEFAULT_PERMISSION_CLASSES": [], "UNAUTHENTICATED_USER": None})

import django  # noqa: E402
django.setup()

from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from rest_framework import exceptions, routers, serializers, viewsets  # noqa: E402
from rest_framework.decorators import action, api_view  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from wsgiref.simple_server import WSGIRequestHandler, make_server  # noqa: E402

kept = {}
files = {}


class TaskSerializer(serializers.Serializer):
    id = serializers.IntegerField(read_only=True)
    title = serializers.CharField(max_length=100)
    due = serializers.DateTimeField(required=False, allow_null=True)
    priority = serializers.ChoiceField(choices=["low", "normal", "high"], default="normal")
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    labels = serializers.DictField(child=serializers.CharField(), required=False)
    extra = serializers.JSONField(required=False)
    done = serializers.BooleanField(required=False)
    owner = serializers.CharField(read_only=True)


class QuerySerializer(serializers.Serializer):
    q = serializers.CharField(max_length=50)
    tag = serializers.ListField(child=serializers.CharField(), required=False, default=[])
    done = serializers.BooleanField(required=False, allow_null=True, default=None)


class TaskViewSet(viewsets.ViewSet):
    lookup_value_regex = r"\d+"

    def found(self, pk):
        if int(pk) not in kept:
            raise exceptions.NotFound()
        return kept[int(pk)]

    def list(self, request):
        page, size = int(request.query_params.get("page", 1)), int(request.query_params.get("page_size", 10))
        items = sorted(kept.values(), key=lambda task: task["title"] if request.query_params.get("ordering") == "title" else -task["id"])
        return Response({"count": len(items), "next": None, "previous": None, "results": TaskSerializer(items[(page - 1) * size:page * size], many=True).data})

    def create(self, request):
        asked = TaskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        task = {"done": False, "tags": [], **asked.validated_data, "id": len(kept) + 1, "owner": request.headers["Gatehouse-Principal"]}
        kept[task["id"]] = task
        return Response(TaskSerializer(task).data, status=201)

    def retrieve(self, request, pk):
        return Response(TaskSerializer(self.found(pk)).data)

    def partial_update(self, request, pk):
        asked = TaskSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        self.found(pk).update(asked.validated_data)
        return Response(TaskSerializer(self.found(pk)).data)

    def destroy(self, request, pk):
        self.found(pk)
        del kept[int(pk)]
        return Response(status=204)

    @action(detail=False)
    def search(self, request):
        asked = QuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        q, tag, done = (asked.validated_data[name] for name in ("q", "tag", "done"))
        return Response(TaskSerializer([task for task in kept.values() if q in task["title"] and set(tag) <= set(task["tags"]) and done in (None, task["done"])], many=True).data)

    @action(detail=True, methods=["get", "post"])
    def attachment(self, request, pk):
        self.found(pk)
        if request.method == "GET":
            return HttpResponse(files.get(int(pk), b"\x00nothing yet\xff"), content_type="application/octet-stream")
        files[int(pk)] = request.data["file"].read()
        return Response({"size": len(files[int(pk)])}, status=201)


@api_view()
def health(request):
    return Response({"status": "ok"})


router = routers.SimpleRouter()
router.register("api/tasks", TaskViewSet, basename="task")
urlpatterns = [path("api/health/", health), *router.urls]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet)
    print("port", server.server_port, flush=True)
    sys.stdout.flush()
    server.serve_forever()
