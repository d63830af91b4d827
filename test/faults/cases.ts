/** The failure modes of S3 clients as executable cases: data and functions on web globals only. */
import { answerCases } from "./cases/answers.ts";
import { byteCases } from "./cases/bytes.ts";
import { checksumCases } from "./cases/checksums.ts";
import { earlyCases } from "./cases/early.ts";
import { errorCases } from "./cases/errors.ts";
import { formCases } from "./cases/forms.ts";
import { headerCases } from "./cases/headers.ts";
import { keyCases } from "./cases/keys.ts";
import { listCases } from "./cases/lists.ts";
import { presignCases } from "./cases/presign.ts";
import { retryCases } from "./cases/retries.ts";
import { securityCases } from "./cases/security.ts";
import { uploadCases } from "./cases/uploads.ts";
import { copyCases } from "./cases/copies.ts";
import { lostCases } from "./cases/lost.ts";
import { raceCases } from "./cases/races.ts";
import { healingCases } from "./cases/healing.ts";
import { clockCases } from "./cases/clocks.ts";
import { regionCases } from "./cases/regions.ts";
import { tokenCases } from "./cases/tokens.ts";
import { restCases } from "./cases/rest.ts";
import { floodCases } from "./cases/floods.ts";
import { strangerCases } from "./cases/strangers.ts";
import { slowDownCases } from "./cases/slowdown.ts";
import { worstCases } from "./cases/worst.ts";
import type { FaultCase } from "./rig.ts";

/** Every case, by row. */
export const cases: readonly FaultCase[] = [
  ...answerCases,
  ...retryCases,
  ...byteCases,
  ...checksumCases,
  ...uploadCases,
  ...listCases,
  ...keyCases,
  ...headerCases,
  ...presignCases,
  ...formCases,
  ...errorCases,
  ...securityCases,
  ...lostCases,
  ...copyCases,
  ...raceCases,
  ...healingCases,
  ...clockCases,
  ...regionCases,
  ...tokenCases,
  ...restCases,
  ...floodCases,
  ...strangerCases,
  ...slowDownCases,
  ...earlyCases,
  ...worstCases,
];
