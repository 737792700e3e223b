"""Made fastapi.json: FastAPI 0.92 (Debian's python3-fastapi), `python3 fastapi_app.py > fastapi.json`."""
import json
from datetime import datetime
from enum import Enum
from typing import Dict, List, Optional, Union
from uuid import UUID

from fastapi import Cookie, Depends, FastAPI, File, Form, Header, Path, Query, UploadFile
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pydantic import BaseModel, EmailStr, Field, HttpUrl, conlist

app = FastAPI(title="Items", version="0.1.0")
token = OAuth2PasswordBearer(tokenUrl="token", scopes={"items": "Read items."})


class Kind(str, Enum):
    car = "car"
    plane = "plane"


class Image(BaseModel):
    url: HttpUrl
    name: str


class Item(BaseModel):
    name: str = Field(..., example="Foo", max_length=50)
    description: Optional[str] = Field(None, title="The description of the item", max_length=300)
    price: float = Field(..., gt=0, description="The price must be greater than zero")
    tax: Union[float, None] = None
    tags: List[str] = []
    kind: Kind = Kind.car
    images: Optional[List[Image]] = None
    weights: Dict[str, float] = {}
    when: Optional[datetime] = None
    pair: Optional[conlist(int, min_items=2, max_items=2)] = None


class Node(BaseModel):
    value: int
    children: List["Node"] = []


Node.update_forward_refs()


@app.post("/token")
async def login(form: OAuth2PasswordRequestForm = Depends()):
    return {"access_token": form.username, "token_type": "bearer"}


@app.get("/items/", response_model=List[Item])
async def read_items(q: Optional[str] = Query(None, min_length=3, max_length=50, regex="^[a-z ]+$"), tag: List[str] = Query([]),
                     skip: int = 0, limit: int = Query(10, le=100), user_agent: Optional[str] = Header(None),
                     ads_id: Optional[str] = Cookie(None), _: str = Depends(token)):
    return []


@app.post("/items/", response_model=Item, status_code=201)
async def create_item(item: Item, _: str = Depends(token)):
    return item


@app.put("/items/{item_id}")
async def update_item(item_id: UUID = Path(..., title="The ID of the item"), item: Item = None, node: Node = None, _: str = Depends(token)):
    return {}


@app.post("/notes/{kind}")
async def write_note(kind: Kind, text: str = Form(...), times: int = Form(1), _: str = Depends(token)):
    return {}


@app.post("/files/")
async def create_file(file: UploadFile = File(...), _: str = Depends(token)):
    return {}


print(json.dumps(app.openapi(), indent=1))
