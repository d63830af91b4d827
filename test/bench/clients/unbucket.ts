/** This package, as built. */
import s3 from "unbucket/drivers/s3";
import type { Connect } from "../client.ts";
import { BUCKET, KEYS, REGION } from "../identity.ts";
import { clientOf } from "../store.ts";

const connect: Connect = (endpoint) => clientOf(s3({ bucket: BUCKET, region: REGION, endpoint, ...KEYS }));

export default connect;
