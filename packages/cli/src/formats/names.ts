/** Credential helpers: programs that are told what to do, and asked by standard input. */
export const HELPERS = ['git', 'docker'] as const
export type Helper = (typeof HELPERS)[number]

/** The formats of `tessera token --format`. */
export const FORMATS = ['text', 'json', 'headers', 'env', 'curl', 'kubectl', 'google', ...HELPERS] as const
export type Format = (typeof FORMATS)[number]

export const isHelper = (format: Format): format is Helper => HELPERS.some((helper) => helper === format)

/** The formats, for `--help`. */
export const formatsHelp = `
Formats (--format):
  text      the token, as without --format
  json      an object, as with --json
  headers   a JSON object of headers
  env       export NAME='…' for a shell; --env names the variable: eval "$(tessera token --format env --env GH_TOKEN)"
  curl      for curl: tessera token --format curl | curl -K - URL
  kubectl   an ExecCredential, for "exec" of a kubeconfig
  google    a subject token, for "executable" of Google's workload identity federation
  git       a credential helper, for the profile's origins: git config credential.helper '!tessera token --format git'
  docker    a credential helper, for the profile's origins: a program docker-credential-NAME that runs
            tessera token --format docker "$@"`
