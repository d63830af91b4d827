import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

interface Service {
  readonly image: string;
  readonly command: string;
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
const compose = parse(read("docker-compose.yml")) as Compose;
const service = (name: string): Service => compose.services[name] ?? expect.fail(`no service ${name}`);
const stores = ["minio", "seaweedfs"];

/** The settings of a file in dotenv form; `commented` ones are offered, not set. */
function settings(text: string, commented: boolean): Record<string, string> {
  const line = commented ? /^# ([A-Z][A-Z0-9_]*)=(.*)$/gm : /^([A-Z][A-Z0-9_]*)=(.*)$/gm;
  return Object.fromEntries([...text.matchAll(line)].map(([, name, value]) => [name, value]));
}

describe("docker-compose.yml", () => {
  it.each(Object.entries(compose.services))("%s pins its image by release", (_name, { image }) => {
    expect(image).toMatch(/^[\w./-]+:(RELEASE\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ|\d+\.\d+(\.\d+)?)$/);
  });

  it("publishes ports on the loopback address only", () => {
    const ports = Object.values(compose.services).flatMap((each) => each.ports ?? []);
    expect(ports).toEqual(["127.0.0.1:9000:9000", "127.0.0.1:9001:9001", "127.0.0.1:8333:8333"]);
  });

  it.each(stores)("%s has a health check and keeps its data in a named volume", (name) => {
    const { healthcheck, volumes = [] } = service(name);
    expect(healthcheck?.test[0]).toBe("CMD");
    expect(volumes).toHaveLength(1);
    expect(Object.keys(compose.volumes)).toContain(volumes[0]?.split(":")[0]);
  });

  it("asks MinIO's own client whether MinIO is ready", () => {
    expect(service("minio").healthcheck?.test).toEqual(["CMD", "mc", "ready", "local"]);
  });

  it.each([
    ["create-bucket", "minio", 9000],
    ["seaweedfs-bucket", "seaweedfs", 8333],
  ])("%s makes the bucket of .env.example once %s is healthy, and again without harm", (name, store, port) => {
    const { STORAGE_S3_BUCKET: bucket } = settings(read(".env.example"), false);
    const { command, depends_on, environment } = service(name);
    expect(command).toBe(`mb --ignore-existing store/${bucket}`);
    expect(depends_on).toEqual({ [store]: { condition: "service_healthy" } });
    expect(environment).toEqual({ MC_HOST_store: `http://minioadmin:minioadmin@${store}:${port}` });
  });

  it("starts SeaweedFS only when asked for", () => {
    const always = Object.entries(compose.services).filter(([, { profiles }]) => profiles === undefined);
    expect(always.map(([name]) => name)).toEqual(["minio", "create-bucket"]);
  });

  it("gives both stores the keys of .env.example", () => {
    const { STORAGE_S3_ACCESS_KEY: user, STORAGE_S3_SECRET_KEY: password } = settings(read(".env.example"), false);
    expect(service("minio").environment).toEqual({ MINIO_ROOT_USER: user, MINIO_ROOT_PASSWORD: password });
    expect(service("seaweedfs").environment).toEqual({ AWS_ACCESS_KEY_ID: user, AWS_SECRET_ACCESS_KEY: password });
  });
});

describe(".env.example", () => {
  it("runs on a folder as it is, with MinIO's settings at hand", () => {
    expect(settings(read(".env.example"), false)).toEqual({
      STORAGE_BACKEND: "local",
      STORAGE_LOCAL_PATH: "./uploads",
      STORAGE_S3_BUCKET: "my-bucket",
      STORAGE_S3_REGION: "us-east-1",
      STORAGE_S3_ENDPOINT_URL: "http://localhost:9000",
      STORAGE_S3_ACCESS_KEY: "minioadmin",
      STORAGE_S3_SECRET_KEY: "minioadmin",
    });
  });

  it("offers the optional settings as comments", () => {
    expect(Object.keys(settings(read(".env.example"), true))).toEqual([
      "STORAGE_LOCAL_GATEWAY_URL",
      "STORAGE_LOCAL_ACCESS_KEY",
      "STORAGE_LOCAL_SECRET_KEY",
      "STORAGE_S3_SESSION_TOKEN",
      "STORAGE_S3_FORCE_PATH_STYLE",
      "STORAGE_S3_PUBLIC_ENDPOINT_URL",
      "STORAGE_S3_CONDITIONAL_WRITES",
      "STORAGE_PUBLIC_URL",
    ]);
  });
});
