/** Which MCP server. */
export interface Place {
  readonly url: string
  readonly allowHttp: ReadonlyArray<string>
  /** Of several authorization servers, this one. */
  readonly issuer: string | undefined
}
