// The small API as NestJS serves it. Prints `port N`; /openapi.json, which @nestjs/swagger makes, made nestjs.json. The decorators
// are called as a compiler calls them, because there is none here.
import 'reflect-metadata';

import { Body, Controller, Delete, Get, HttpCode, Module, NotFoundException, Param, ParseIntPipe, Patch, Post, Query, Req, StreamableFile, UploadedFile, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FileInterceptor } from '@nestjs/platform-express';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiParam, ApiProduces, ApiProperty, ApiPropertyOptional, ApiQuery, ApiTags, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

const decorated = (type, own, members, inputs = {}) => {
  for (const [name, decorators] of Object.entries(members)) {
    if (typeof type.prototype[name] === 'function') Reflect.decorate([...decorators, ...(inputs[name] ?? []).map((input, index) => (target, key) => input(target, key, index))], type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
    else Reflect.decorate(decorators, type.prototype, name);
  }
  return Reflect.decorate(own, type);
};

const due = ApiPropertyOptional({ type: String, format: 'date-time', nullable: true });
const asked = {
  title: [ApiProperty({ type: String, maxLength: 100, example: 'Buy milk' })], due: [due],
  priority: [ApiPropertyOptional({ enum: ['low', 'normal', 'high'], default: 'normal' })], tags: [ApiPropertyOptional({ type: [String] })],
  labels: [ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })], extra: [ApiPropertyOptional({ type: Object })],
};
class CreateTaskDto {}
decorated(CreateTaskDto, [], asked);
class UpdateTaskDto {}
decorated(UpdateTaskDto, [], { title: [ApiPropertyOptional({ type: String, maxLength: 100 })], done: [ApiPropertyOptional({ type: Boolean })], due: [due] });
class Task {}
decorated(Task, [], { ...asked, id: [ApiProperty({ type: Number })], done: [ApiProperty({ type: Boolean })], owner: [ApiProperty({ type: String })] });

const kept = new Map();
const files = new Map();
const found = (id) => kept.get(id) ?? (() => { throw new NotFoundException('Task not found'); })();

class TasksController {
  findAll(page = 1, limit = 20, sort = undefined) {
    return [...kept.values()].sort((a, b) => (sort === 'title' ? a.title.localeCompare(b.title) : b.id - a.id)).slice((page - 1) * limit, page * limit);
  }
  create(body, request) {
    const task = { tags: [], ...body, id: kept.size + 1, done: false, owner: request.headers['gatehouse-principal'] };
    kept.set(task.id, task);
    return task;
  }
  search(q, tag = [], done = undefined) {
    return [...kept.values()].filter((task) => task.title.includes(q) && [tag].flat().every((one) => task.tags.includes(one)) && (done === undefined || String(task.done) === done));
  }
  findOne(id) { return found(id); }
  update(id, body) { return Object.assign(found(id), body); }
  remove(id) { kept.delete(found(id).id); }
  upload(id, file) { files.set(found(id).id, file.buffer); }
  download(id) { return new StreamableFile(files.get(found(id).id) ?? Buffer.from('\0nothing yet\xff', 'latin1')); }
}
const id = Param('id', ParseIntPipe);
const identified = ApiParam({ name: 'id', type: Number });
decorated(TasksController, [ApiTags('tasks'), ApiBearerAuth(), Controller('tasks')], {
  findAll: [Get(), ApiQuery({ name: 'page', type: Number, required: false }), ApiQuery({ name: 'limit', type: Number, required: false }), ApiQuery({ name: 'sort', enum: ['title', '-id'], required: false }), ApiOkResponse({ type: [Task] })],
  create: [Post(), ApiBody({ type: CreateTaskDto }), ApiCreatedResponse({ type: Task })],
  search: [Get('search'), ApiQuery({ name: 'q', type: String }), ApiQuery({ name: 'tag', type: [String], required: false }), ApiQuery({ name: 'done', type: Boolean, required: false }), ApiOkResponse({ type: [Task] })],
  findOne: [Get(':id'), identified, ApiOkResponse({ type: Task })],
  update: [Patch(':id'), identified, ApiBody({ type: UpdateTaskDto }), ApiOkResponse({ type: Task })],
  remove: [Delete(':id'), HttpCode(204), identified, ApiNoContentResponse()],
  upload: [Post(':id/attachment'), UseInterceptors(FileInterceptor('file')), identified, ApiConsumes('multipart/form-data'), ApiBody({ schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } } } })],
  download: [Get(':id/attachment'), identified, ApiProduces('application/octet-stream'), ApiOkResponse({ schema: { type: 'string', format: 'binary' } })],
}, {
  findAll: [Query('page'), Query('limit'), Query('sort')], create: [Body(), Req()], search: [Query('q'), Query('tag'), Query('done')],
  findOne: [id], update: [id, Body()], remove: [id], upload: [id, UploadedFile()], download: [id],
});
class HealthController {
  check() { return { status: 'ok' }; }
}
decorated(HealthController, [Controller('health')], { check: [Get()] });
class AppModule {}
decorated(AppModule, [Module({ controllers: [HealthController, TasksController] })], {});

const app = await NestFactory.create(AppModule, { logger: false });
const document = SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Tasks').setVersion('1.0').addBearerAuth().build());
app.getHttpAdapter().get('/openapi.json', (_, response) => response.json(document));
await app.listen(0, '127.0.0.1');
console.log(`port ${app.getHttpServer().address().port}`);
