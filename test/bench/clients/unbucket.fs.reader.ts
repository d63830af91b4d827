/** This package on a folder, as built; what comes down is read by a default reader, which is given new memory for each piece. */
import fs from "unbucket/drivers/fs";
import type { Connect } from "../client.ts";
import { clientOf } from "../store.ts";
import { FILE_PIECE } from "../streams.ts";

const connect: Connect = (base) => clientOf(fs({ base }), FILE_PIECE);

export default connect;
