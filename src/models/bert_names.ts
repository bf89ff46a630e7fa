/**
 * What the checkpoints of BERT and its like call their weights, without the prefix that models with a head have. Names of
 * a block stand after its number.
 *
 * @module
 */

/** The names of one kind of encoder. */
export interface BertNames {
  readonly prefix: string;
  readonly words: string;
  readonly positions: string;
  readonly types?: string;
  readonly embeddingNorm: string;
  readonly blocks: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOut: string;
  readonly attentionNorm: string;
  readonly mlpIn: string;
  readonly mlpOut: string;
  readonly mlpNorm: string;
  readonly transform: string;
  readonly transformNorm: string;
  readonly decoder: string;
  readonly decoderBias: string;
}

const BERT: BertNames = {
  prefix: "bert.",
  words: "embeddings.word_embeddings.weight",
  positions: "embeddings.position_embeddings.weight",
  types: "embeddings.token_type_embeddings.weight",
  embeddingNorm: "embeddings.LayerNorm",
  blocks: "encoder.layer",
  query: "attention.self.query",
  key: "attention.self.key",
  value: "attention.self.value",
  attentionOut: "attention.output.dense",
  attentionNorm: "attention.output.LayerNorm",
  mlpIn: "intermediate.dense",
  mlpOut: "output.dense",
  mlpNorm: "output.LayerNorm",
  transform: "cls.predictions.transform.dense",
  transformNorm: "cls.predictions.transform.LayerNorm",
  decoder: "cls.predictions.decoder.weight",
  decoderBias: "cls.predictions.bias",
};

/** By `model_type`. */
export const NAMES: Readonly<Record<"bert" | "distilbert" | "roberta", BertNames>> = {
  bert: BERT,
  roberta: {
    ...BERT,
    prefix: "roberta.",
    transform: "lm_head.dense",
    transformNorm: "lm_head.layer_norm",
    decoder: "lm_head.decoder.weight",
    decoderBias: "lm_head.bias",
  },
  distilbert: {
    prefix: "distilbert.",
    words: "embeddings.word_embeddings.weight",
    positions: "embeddings.position_embeddings.weight",
    embeddingNorm: "embeddings.LayerNorm",
    blocks: "transformer.layer",
    query: "attention.q_lin",
    key: "attention.k_lin",
    value: "attention.v_lin",
    attentionOut: "attention.out_lin",
    attentionNorm: "sa_layer_norm",
    mlpIn: "ffn.lin1",
    mlpOut: "ffn.lin2",
    mlpNorm: "output_layer_norm",
    transform: "vocab_transform",
    transformNorm: "vocab_layer_norm",
    decoder: "vocab_projector.weight",
    decoderBias: "vocab_projector.bias",
  },
};
