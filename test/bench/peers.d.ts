/** What the benchmark uses of the peers that only its own lock has, and of this package, which is a peer here. */

declare module "unbucket/drivers/s3" {
  const s3: (typeof import("../../drivers/s3.ts"))["default"];
  export default s3;
  // Everybody who imports the package by name is given this declaration.
  export type { Credentials, S3Options } from "../../drivers/s3.ts";
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
