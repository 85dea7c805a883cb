/** What a process that ran the command says by its exit code. */
export const ExitCode = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  configuration: 3,
  login: 4,
  refused: 5,
  unreachable: 6,
  store: 7,
  /** Of `exec`, as a shell says it: the command cannot be run, or is not there. */
  notRun: 126,
  notFound: 127,
  interrupted: 130,
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** The codes, for `--help`. */
export const exitCodesHelp = `
Exit codes:
  0  ok
  1  unexpected
  2  usage
  3  configuration
  4  log in again
  5  the server refused
  6  unreachable, or timed out
  7  the store failed
  130  interrupted (Ctrl-C)`
