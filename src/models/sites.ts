/**
 * The places of a model that can be seen and changed, by the names of TransformerLens's hooks: the token embeddings
 * before positions are added, `[T, C]`; the residual stream that enters block i, or leaves the last one where i is L,
 * `[T, C]`, and between attention and MLP of block i; the attention probabilities of block i, `[H, T, S]`; the sums of its
 * heads side by side, before the output projection, `z`, `[T, H D]`; what its attention and its MLP add to the stream,
 * `[T, C]`; its neurons, after the activation function, `[T, nInner]`. Where there is an encoder, the places of the
 * decoder have these names; between attention to its own text and attention to the source is `resid_mid`, then
 * `resid_cross`; `cross_pattern`, `[H, T, X]`, `cross_z` and `cross_out` are of the attention to the source; the places
 * of the encoder begin with `source_`, with E for T and S.
 */
export type SiteName =
  | StackSite
  | `source_${StackSite}`
  | `resid_cross.${number}`
  | `cross_${"pattern" | "z" | "out"}.${number}`;

/** The places of a stack of blocks. */
type StackSite = "embed" | `${BlockSite}.${number}`;

/** The places of a block. */
type BlockSite = "resid" | "resid_mid" | "pattern" | "z" | "attn_out" | "neurons" | "mlp_out";
