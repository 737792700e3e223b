// Made nestjs.json: @nestjs/swagger 12.0.2 and @nestjs/core 12.5.1, compiled by typescript 5 with experimentalDecorators and
// emitDecoratorMetadata.
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { Body, Controller, Delete, Get, HttpCode, Module, Param, ParseIntPipe, Post, Put, Query, UploadedFile } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiExtraModels, ApiOkResponse, ApiProperty, ApiPropertyOptional, ApiQuery, ApiTags, DocumentBuilder, PartialType, SwaggerModule, getSchemaPath } from '@nestjs/swagger';

enum Status { Draft = 'draft', Sold = 'sold' }
class Whiskers {
  @ApiProperty({ minimum: 1, maximum: 64 }) count!: number;
}
class Tag {
  @ApiProperty() name!: string;
  @ApiPropertyOptional({ type: () => Tag }) parent?: Tag;
}
class CreateCat {
  @ApiProperty({ example: 'Tom', maxLength: 40 }) name!: string;
  @ApiPropertyOptional({ default: 1 }) age?: number;
  @ApiProperty({ enum: Status, enumName: 'Status' }) status!: Status;
  @ApiPropertyOptional({ type: [Tag] }) tags?: Tag[];
  @ApiPropertyOptional({ oneOf: [{ $ref: getSchemaPath(Whiskers) }, { type: 'string' }] }) whiskers?: Whiskers | string;
  @ApiPropertyOptional({ type: String, nullable: true }) note?: string | null;
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } }) labels?: Record<string, string>;
  @ApiPropertyOptional() born?: Date;
}
class UpdateCat extends PartialType(CreateCat) {}
class Cat extends CreateCat {
  @ApiProperty() id!: number;
}

@ApiTags('cats') @ApiBearerAuth() @ApiExtraModels(Whiskers) @Controller('cats')
class CatsController {
  @Get() @ApiQuery({ name: 'status', enum: Status, required: false }) @ApiQuery({ name: 'ids', type: [Number], required: false }) @ApiOkResponse({ type: [Cat] })
  findAll(@Query('status') _status?: Status, @Query('ids') _ids?: number[]): Cat[] { return []; }
  @Get(':id') @ApiOkResponse({ type: Cat })
  findOne(@Param('id', ParseIntPipe) _id: number): Cat { return new Cat(); }
  @Post() create(@Body() _cat: CreateCat): Cat { return new Cat(); }
  @Put(':id') update(@Param('id') _id: string, @Body() _cat: UpdateCat): Cat { return new Cat(); }
  @Delete(':id') @HttpCode(204) remove(@Param('id') _id: string): void {}
  @Post(':id/photo') @ApiConsumes('multipart/form-data') @ApiBody({ schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } } } })
  photo(@Param('id') _id: string, @UploadedFile() _file: unknown): void {}
}
@Controller() class AppController { @Get() hello(): string { return 'Hello World!'; } }
@Module({ controllers: [AppController, CatsController] }) class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
const document = SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Cats example').setDescription('The cats API description').setVersion('1.0').addTag('cats').addBearerAuth().build());
writeFileSync('nestjs.json', `${JSON.stringify(document, null, 1)}\n`);
