type Fields = Record<string, unknown>;

/** A document as the server gets it, as far as tests look into it. */
export interface SentDocument extends Fields {
  readonly message: string;
  readonly event: Fields;
  readonly kafka: Fields & { readonly value: Fields };
  readonly kops: Fields & { readonly drill: Fields };
}

/** What the server would read. */
export function asSent(fields: unknown): SentDocument {
  return JSON.parse(JSON.stringify(fields)) as SentDocument;
}
