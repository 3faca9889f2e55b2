/** What the status bar shows. Needs no editor. */

export type Condition = "starting" | "running" | "failed" | "stopped";

/** The findings of the open files. */
export interface Counts {
  rewrites: number;
  fixes: number;
  errors: number;
}

export interface Shown {
  text: string;
  tooltip: string;
  isError: boolean;
}

const ICONS: Record<Condition, string> = {
  starting: "$(loading~spin)",
  running: "$(check)",
  failed: "$(error)",
  stopped: "$(circle-slash)",
};

/** The text of the item; `why` explains a server that failed. */
export function shown(condition: Condition, counts: Counts, why = ""): Shown {
  const found = condition === "running" ? described(counts) : "";
  const tooltip = found || why || `The server of bn-migrate is ${condition}.`;
  const text = `${ICONS[condition]} bn-migrate${found ? `: ${found}` : ""}`;
  return { text, tooltip: found ? `In the open files: ${tooltip}` : tooltip, isError: condition === "failed" };
}

function described({ rewrites, fixes, errors }: Counts): string {
  const parts = [
    counted(rewrites, "rewrite", "rewrites"),
    counted(fixes, "manual fix", "manual fixes"),
    counted(errors, "error", "errors"),
  ];
  return parts.filter((part) => part).join(", ");
}

function counted(n: number, one: string, many: string): string {
  return n === 0 ? "" : `${n} ${n === 1 ? one : many}`;
}
