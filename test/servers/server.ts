/** The products that the tests know how to get. */
export const serverNames = ["minio", "seaweedfs", "versitygw", "ceph"] as const;

/** One of {@link serverNames}. */
export type ServerName = (typeof serverNames)[number];

/** An S3 endpoint that tests may write to: plain data, so that it can be handed to another process as JSON. */
export interface S3Server {
  /** The product: deviations are looked up by it. */
  readonly name: ServerName;
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** A server together with what ends it. */
export interface RunningServer {
  readonly server: S3Server;
  /** How it was got, for the log. */
  readonly source: string;
  /** Ends the process and deletes its data at once; absent for a server that is not the run's own and stays. */
  readonly stop?: () => void;
}

declare module "vitest" {
  interface ProvidedContext {
    /** The file that says which servers run, once they do. */
    s3Servers: string;
  }
}
