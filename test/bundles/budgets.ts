/** Bytes gzipped, the larger of esbuild's and rolldown's: whoever adds to a subpath sees here what it costs, and so does the README. */
export const budgets: Readonly<Record<string, number>> = {
  unbucket: 22_600,
  "unbucket/respond": 5_250,
  "unbucket/guard": 7_350,
  "unbucket/form": 4_600,
  "unbucket/checksum": 3_150,
  "unbucket/post-policy": 2_550,
  "unbucket/gateway": 28_450,
  "unbucket/copy": 5_650,
  "unbucket/probe": 17_750,
  "unbucket/providers": 3_300,
  "unbucket/conformance": 29_500,
  "unbucket/drivers/fs": 49_350,
  "unbucket/drivers/s3": 42_000,
  "unbucket/drivers/memory": 22_400,
  "unbucket/drivers/r2": 24_050,
  "unbucket/drivers/env": 44_950,
};
