/** Thrown in here where a client's own errors do not say it. */
export interface StoreProblem extends Error {
  readonly name: 'StoreProblem'
}

/** An error whose message is ours, and so may be shown. */
export const problem = (message: string): StoreProblem =>
  Object.assign(new Error(message), { name: 'StoreProblem' as const })

const isProblem = (error: Error): error is StoreProblem => error.name === 'StoreProblem'

const CLASSES =
  /\b(?:NOAUTH|WRONGPASS|NOPERM|NOPROTO|READONLY|OOM|LOADING|MASTERDOWN|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|CROSSSLOT|BUSY|MISCONF|NOREPLICAS|NOSCRIPT|WRONGTYPE)\b/

const codeOf = (error: object): string | undefined =>
  'code' in error && typeof error.code === 'string' && /^E[A-Z]{3,20}$/.test(error.code) ? error.code : undefined

/**
 * Why a command failed, without a secret: a client's error carries the command's arguments, and a server's message may
 * quote them. So only words of a known list are shown: Redis's error classes, and the codes of the operating system.
 */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'the client failed'
  if (isProblem(error)) return error.message
  return codeOf(error) ?? CLASSES.exec(error.message)?.[0] ?? /^ERR\b/.exec(error.message)?.[0] ?? 'the client failed'
}

/** Whether the server does not know the script (any more). */
export const isUnknownScript = (error: unknown): boolean => error instanceof Error && /\bNOSCRIPT\b/.test(error.message)
