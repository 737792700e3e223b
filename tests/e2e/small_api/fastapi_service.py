"""The small API as FastAPI serves it (Debian's python3-fastapi and python3-uvicorn). Prints `port N`; /openapi.json made fastapi.json."""
import socket
from datetime import datetime
from enum import Enum
from typing import Any, Dict, List, Optional

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, File, HTTPException, Query, Request, Response, UploadFile
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field

# Gatehouse has removed the credential: the caller is in Gatehouse-Principal.
bearer = HTTPBearer(auto_error=False)
app = FastAPI(title="Tasks", version="1.0.0")
tasks_of = APIRouter(prefix="/tasks", tags=["tasks"], dependencies=[Depends(bearer)])
kept: Dict[int, "Task"] = {}
files: Dict[int, bytes] = {}


class Priority(str, Enum):
    low = "low"
    normal = "normal"
    high = "high"


class TaskIn(BaseModel):
    title: str = Field(..., min_length=1, max_length=100)
    due: Optional[datetime] = None
    priority: Priority = Priority.normal
    tags: List[str] = []
    labels: Dict[str, str] = {}
    extra: Dict[str, Any] = {}


class TaskPatch(BaseModel):
    title: Optional[str] = Field(None, min_length=1, max_length=100)
    done: Optional[bool] = None
    due: Optional[datetime] = None


class Task(TaskIn):
    id: int
    done: bool = False
    owner: str


class Page(BaseModel):
    items: List[Task]
    total: int
    page: int
    size: int


class Sort(str, Enum):
    title = "title"
    newest = "-id"


def found(task_id: int) -> Task:
    if task_id not in kept:
        raise HTTPException(status_code=404, detail="Task not found")
    return kept[task_id]


@app.get("/health", tags=["health"])
async def health():
    return {"status": "ok"}


@tasks_of.get("", response_model=Page)
async def list_tasks(page: int = Query(1, ge=1), size: int = Query(20, ge=1, le=100), sort: Optional[Sort] = None):
    items = sorted(kept.values(), key=lambda task: task.title if sort == Sort.title else -task.id)
    return Page(items=items[(page - 1) * size:page * size], total=len(items), page=page, size=size)


@tasks_of.post("", response_model=Task, status_code=201)
async def create_task(task: TaskIn, request: Request):
    made = Task(id=len(kept) + 1, owner=request.headers["gatehouse-principal"], **task.dict())
    kept[made.id] = made
    return made


@tasks_of.get("/search", response_model=List[Task])
async def search_tasks(q: str = Query(..., min_length=1, max_length=50), tag: List[str] = Query([]), done: Optional[bool] = None):
    return [task for task in kept.values() if q in task.title and set(tag) <= set(task.tags) and done in (None, task.done)]


@tasks_of.get("/{task_id}", response_model=Task, responses={404: {"description": "Not found"}})
async def read_task(task_id: int):
    return found(task_id)


@tasks_of.patch("/{task_id}", response_model=Task)
async def patch_task(task_id: int, change: TaskPatch):
    kept[task_id] = found(task_id).copy(update=change.dict(exclude_unset=True))
    return kept[task_id]


@tasks_of.delete("/{task_id}", status_code=204)
async def delete_task(task_id: int):
    found(task_id)
    del kept[task_id]
    return Response(status_code=204)


@tasks_of.post("/{task_id}/attachment")
async def upload_attachment(task_id: int, file: UploadFile = File(...)):
    files[found(task_id).id] = await file.read()
    return {"size": len(files[task_id])}


@tasks_of.get("/{task_id}/attachment", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
async def download_attachment(task_id: int):
    found(task_id)
    return Response(files.get(task_id, b"\x00nothing yet\xff"), media_type="application/octet-stream")


app.include_router(tasks_of)

if __name__ == "__main__":
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    print("port", listening.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])
