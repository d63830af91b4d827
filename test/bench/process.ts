/** What Linux tells of a process. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Jiffies per second: the same on every Linux that Node runs on. */
const TICKS = 100;

/** Seconds of processor time that a process has used. */
export function cpuSeconds(pid: number): number {
  // The program's name stands in brackets and may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** The most resident memory that a process ever had, or had since `restartPeak`, in MiB. */
export function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** The resident memory of a process now, in MiB, from which its peak is counted anew. */
export function restartPeak(pid: number): number {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  return peakMemory(pid);
}

/** The children of this process that run a program of this name, the newest last. */
export function childrenNamed(name: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const [, found, , parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
        return found === name && Number(parent) === process.pid;
      } catch {
        return false;
      }
    })
    .sort((a, b) => a - b);
}
