/** What the benchmark uses of the peers that only its own lock has, and of this package, which is a peer here. */

declare module "unbucket/drivers/s3" {
  const s3: (typeof import("../../drivers/s3.ts"))["default"];
  export default s3;
  // Everybody who imports the package by name is given this declaration.
  export type { Credentials, S3Options } from "../../drivers/s3.ts";
}

declare module "unbucket/drivers/fs" {
  const fs: (typeof import("../../drivers/fs.ts"))["default"];
  export default fs;
  export type { FsOptions, WatchOptions } from "../../drivers/fs.ts";
}

declare module "files-sdk/fs" {
  export interface FsAdapter {
    readonly root: string;
  }
  export function fs(options: { root: string }): FsAdapter;
}

declare module "files-sdk" {
  import type { FsAdapter } from "files-sdk/fs";
  interface StoredFile {
    arrayBuffer(): Promise<ArrayBuffer>;
    stream(): ReadableStream<Uint8Array>;
  }
  export class Files {
    constructor(options: { adapter: FsAdapter });
    upload(key: string, body: Uint8Array | ReadableStream<Uint8Array>): Promise<unknown>;
    download(key: string, options?: { as: "stream" }): Promise<StoredFile>;
  }
}

declare module "flydrive/drivers/fs" {
  export interface FSDriver {
    readonly options: object;
  }
  export const FSDriver: new (options: { location: string; visibility: "private" }) => FSDriver;
}

declare module "flydrive" {
  import type { Readable } from "node:stream";
  import type { FSDriver } from "flydrive/drivers/fs";
  export class Disk {
    constructor(driver: FSDriver);
    put(key: string, contents: Uint8Array): Promise<void>;
    putStream(key: string, contents: Readable): Promise<void>;
    getBytes(key: string): Promise<Uint8Array>;
    getStream(key: string): Promise<Readable>;
  }
}

declare module "@remix-run/file-storage/fs" {
  type Stored = Pick<File, "arrayBuffer" | "stream">;
  export function createFsFileStorage(folder: string): {
    set(key: string, file: File): Promise<unknown>;
    get(key: string): Promise<Stored | null>;
  };
}

declare module "s3mini" {
  export class S3mini {
    constructor(options: { accessKeyId: string; secretAccessKey: string; region: string; endpoint: string });
    putObject(key: string, data: Uint8Array): Promise<Response>;
    putAnyObject(
      key: string,
      data: ReadableStream<Uint8Array>,
      type: undefined,
      encryption: undefined,
      headers: undefined,
      length: number,
    ): Promise<unknown>;
    getObjectArrayBuffer(key: string): Promise<ArrayBuffer | null>;
    getObjectResponse(key: string): Promise<Response | null>;
  }
}

declare module "@bradenmacdonald/s3-lite-client" {
  export class S3Client {
    constructor(options: {
      endPoint: string;
      region: string;
      bucket: string;
      accessKey: string;
      secretKey: string;
      pathStyle: boolean;
    });
    putObject(key: string, data: Uint8Array | ReadableStream<Uint8Array>, options?: { size: number }): Promise<unknown>;
    getObject(key: string): Promise<Response>;
  }
}

declare module "minio" {
  import type { Readable } from "node:stream";
  export class Client {
    constructor(options: {
      endPoint: string;
      port: number;
      useSSL: boolean;
      accessKey: string;
      secretKey: string;
      region: string;
    });
    putObject(bucket: string, key: string, data: Buffer | Readable, size: number): Promise<unknown>;
    getObject(bucket: string, key: string): Promise<Readable>;
  }
}

declare module "@aws-sdk/client-s3" {
  interface Place {
    Bucket: string;
    Key: string;
  }
  type Body = AsyncIterable<Uint8Array> & { transformToByteArray(): Promise<Uint8Array> };
  interface Put {
    readonly input: Place & { Body: Uint8Array };
  }
  interface Get {
    readonly input: Place;
  }
  export const PutObjectCommand: new (input: Put["input"]) => Put;
  export const GetObjectCommand: new (input: Get["input"]) => Get;
  export class S3Client {
    constructor(options: { region: string; endpoint: string; forcePathStyle: boolean; credentials: object });
    send(command: Put | Get): Promise<{ Body?: Body }>;
  }
}

declare module "@aws-sdk/lib-storage" {
  import type { S3Client } from "@aws-sdk/client-s3";
  export class Upload {
    constructor(options: { client: S3Client; params: object });
    done(): Promise<unknown>;
  }
}
