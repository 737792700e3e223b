"""The small API as Flask serves it (Debian's python3-flask, -marshmallow and -apispec). Prints `port N`.

/openapi.json made flask_smorest.json: Flask-Smorest is not a package of Debian, so the schemas and parameters are written by apispec,
which it uses, and the operations around them as Flask-Smorest writes them. apiflask.json is of the same service.
"""
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, jsonify, make_response, request
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

app = Flask(__name__)
kept = {}
files = {}


class TaskSchema(Schema):
    class Meta:
        unknown = RAISE

    id = fields.Integer(dump_only=True)
    title = fields.String(required=True, validate=validate.Length(min=1, max=100))
    due = fields.DateTime(allow_none=True)
    priority = fields.String(load_default="normal", validate=validate.OneOf(["low", "normal", "high"]))
    tags = fields.List(fields.String())
    labels = fields.Dict(keys=fields.String(), values=fields.String())
    extra = fields.Dict()
    done = fields.Boolean(dump_only=True)
    owner = fields.String(dump_only=True)


class TaskPatchSchema(Schema):
    title = fields.String(validate=validate.Length(min=1, max=100))
    done = fields.Boolean()
    due = fields.DateTime(allow_none=True)


class PageSchema(Schema):
    page = fields.Integer(load_default=1, validate=validate.Range(min=1))
    page_size = fields.Integer(load_default=10, validate=validate.Range(min=1, max=100))
    sort = fields.String(validate=validate.OneOf(["title", "-id"]))


class SearchSchema(Schema):
    q = fields.String(required=True, validate=validate.Length(min=1, max=50))
    tag = fields.List(fields.String())
    done = fields.Boolean()


class FileSchema(Schema):
    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class ErrorSchema(Schema):
    code = fields.Integer(metadata={"description": "Error code"})
    status = fields.String(metadata={"description": "Error name"})
    message = fields.String(metadata={"description": "Error message"})
    errors = fields.Dict(metadata={"description": "Errors"})


@app.errorhandler(HTTPException)
def failed(error):
    return jsonify(code=error.code, status=error.name, message=error.description), error.code


@app.errorhandler(ValidationError)
def unprocessable(error):
    return jsonify(code=422, status="Unprocessable Entity", errors={"json": error.messages}), 422


def shown(tasks, status=200):
    return jsonify(TaskSchema(many=isinstance(tasks, list)).dump(tasks)), status


def query(schema):
    args = {"page_size" if name == "per_page" else name: value for name, value in request.args.items()}  # APIFlask's name of it
    many = {name: request.args.getlist(name) for name, field in schema.fields.items() if isinstance(field, fields.List) and name in request.args}
    return schema.load({**args, **many})


def found(task_id):
    if task_id not in kept:
        from flask import abort
        abort(404, "Task not found")
    return kept[task_id]


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.get("/tasks/")
def list_tasks():
    asked = query(PageSchema())
    items = sorted(kept.values(), key=lambda task: task["title"] if asked.get("sort") == "title" else -task["id"])
    start = (asked["page"] - 1) * asked["page_size"]
    return shown(items[start:start + asked["page_size"]])


@app.post("/tasks/")
def create_task():
    task = TaskSchema().load(request.get_json())
    task.update(id=len(kept) + 1, done=False, owner=request.headers["Gatehouse-Principal"])
    kept[task["id"]] = task
    return shown(task, 201)


@app.get("/tasks/search")
def search_tasks():
    asked = query(SearchSchema())
    return shown([task for task in kept.values()
                  if asked["q"] in task["title"] and set(asked.get("tag", [])) <= set(task["tags"]) and asked.get("done") in (None, task["done"])])


@app.get("/tasks/<int:task_id>")
def read_task(task_id):
    return shown(found(task_id))


@app.patch("/tasks/<int:task_id>")
def patch_task(task_id):
    found(task_id).update(TaskPatchSchema().load(request.get_json()))
    return shown(kept[task_id])


@app.delete("/tasks/<int:task_id>")
def delete_task(task_id):
    found(task_id)
    del kept[task_id]
    return "", 204


@app.post("/tasks/<int:task_id>/attachment")
def upload_attachment(task_id):
    found(task_id)
    files[task_id] = request.files["file"].read()
    return jsonify(size=len(files[task_id])), 201


@app.get("/tasks/<int:task_id>/attachment")
def download_attachment(task_id):
    found(task_id)
    answer = make_response(files.get(task_id, b"\x00nothing yet\xff"))
    answer.content_type = "application/octet-stream"
    return answer


@app.get("/openapi.json")
def document():
    spec = APISpec(title="Tasks", version="v1", openapi_version="3.0.2", plugins=[MarshmallowPlugin()])
    spec.components.schema("Error", schema=ErrorSchema)
    for name, description in [("DEFAULT_ERROR", "Default error response"), ("UNPROCESSABLE_ENTITY", "Unprocessable Entity")]:
        spec.components.response(name, {"description": description, "content": {"application/json": {"schema": "Error"}}})
    spec.components.security_scheme("BearerAuth", {"type": "http", "scheme": "bearer"})

    def operation(responses, arguments=None, location=None, name="tasks"):
        made = {"responses": {**{str(status): content for status, content in responses.items()}, "default": "DEFAULT_ERROR"}, "tags": [name]}
        if arguments:
            made["responses"]["422"] = "UNPROCESSABLE_ENTITY"
            if location == "query":
                made["parameters"] = [{"in": "query", "schema": arguments}]
            else:
                made["requestBody"] = {"required": True, "content": {location: {"schema": arguments}}}
        if name == "tasks":
            made["security"] = [{"BearerAuth": []}]
        return made

    def json(schema, description="OK"):
        return {"description": description, "content": {"application/json": {"schema": schema}}}

    many = {"type": "array", "items": TaskSchema}
    identified = [{"in": "path", "name": "task_id", "required": True, "schema": {"type": "integer", "minimum": 0}}]
    spec.path("/health", operations={"get": operation({200: {"description": "OK"}}, name="health")})
    spec.path("/tasks/", operations={"get": operation({200: json(many)}, PageSchema, "query"),
                                     "post": operation({201: json(TaskSchema, "Created")}, TaskSchema, "application/json")})
    spec.path("/tasks/search", operations={"get": operation({200: json(many)}, SearchSchema, "query")})
    spec.path("/tasks/{task_id}", parameters=identified, operations={
        "get": operation({200: json(TaskSchema)}), "patch": operation({200: json(TaskSchema)}, TaskPatchSchema, "application/json"),
        "delete": operation({204: {"description": "No Content"}})})
    spec.path("/tasks/{task_id}/attachment", parameters=identified, operations={
        "post": operation({201: {"description": "Created"}}, FileSchema, "multipart/form-data"),
        "get": operation({200: {"description": "OK", "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}})})
    return jsonify(spec.to_dict())


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print("port", server.server_port, flush=True)
    server.serve_forever()
