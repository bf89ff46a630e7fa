/**
 * The pictures of `docs/gallery.md`: the code that is shown there is the code that draws them.
 *
 * @module
 */

/** One picture of the gallery. */
export interface GalleryEntry {
  /** Its section, and the name of its files. */
  readonly name: string;
  /** The heading. */
  readonly title: string;
  /** What the picture shows, in a sentence or two. */
  readonly words: string;
  /** Statements; the last one is the expression of the view. */
  readonly code: readonly string[];
  /** What the pointer rests on. */
  readonly hover?: string;
  /** The height of the picture, of a view that goes on below. */
  readonly height?: number;
}

/** All views, in the order in which they are read. */
export const ENTRIES: readonly GalleryEntry[] = [
  {
    name: "tokens",
    title: "Tokens",
    words: "How a text is cut into tokens; words that the vocabulary does not know come in pieces. " +
      "A hover tells id, bytes, place and, here, how probable the token was.",
    code: [
      `const text = await model.generate("The wizard was called Galsofir 🧙. Everyone in the village knew", { maxNewTokens: 6 });`,
      `tokensView(text, { surprise: await model.surprise(text) });`,
    ],
  },
  {
    name: "saliency",
    title: "Saliency",
    words: "Which earlier tokens made a written one: hover it. The name *Mary* is made by *Mary*, and by both *John*s.",
    code: [
      `const answer = await model.generate("When Mary and John went to the garden, John gave a ring to", { maxNewTokens: 2 });`,
      `saliencyView(await model.saliency(answer));`,
    ],
    hover: ".o0",
  },
  {
    name: "saliency_detailed",
    title: "Saliency, with numbers",
    words: "The same with a bar and a share for each token.",
    code: [
      `const list = await model.generate("Countries of the European Union:\\n1. Austria\\n2. Belgium\\n3.", { maxNewTokens: 12 });`,
      `saliencyView(await model.saliency(list), { style: "detailed" });`,
    ],
    hover: ".o8",
  },
  {
    name: "saliency_heatmap",
    title: "Saliency as a map",
    words: "All written tokens at once: explained tokens down, the tokens that led to them across.",
    code: [
      `const list = await model.generate("Countries of the European Union:\\n1. Austria\\n2. Belgium\\n3.", { maxNewTokens: 12 });`,
      `saliencyView(await model.saliency(list), { style: "heatmap" });`,
    ],
  },
  {
    name: "saliency_words",
    title: "Saliency by word",
    words: "The pieces of a word added up, for text that the vocabulary cuts small.",
    code: [
      `const text = await model.generate("The wizard was called Galsofir. Everyone in the village knew", { maxNewTokens: 6 });`,
      `saliencyView(await model.saliency(text), { by: "word", style: "detailed" });`,
    ],
  },
  {
    name: "steps",
    title: "Steps of a decoding",
    words: "Each token as it is written, as dark as it was probable, and what it was chosen among.",
    code: [
      `const prompt = "Once upon a time there was a";`,
      `await stepsView(model.steps(prompt, { maxNewTokens: 12 }), { prompt });`,
    ],
    hover: ".o0",
  },
  {
    name: "layer_predictions",
    title: "Layer by layer (logit lens)",
    words: "What the model would write if it stopped after each layer, and how sure it would be.",
    code: [
      `const days = await model.generate("Monday, Tuesday,", { maxNewTokens: 1 });`,
      `layerPredictionsView(await model.layerPredictions(days, { position: days.promptLength, topK: 5 }));`,
    ],
  },
  {
    name: "layer_predictions_halves",
    title: "Halves of layers",
    words: "The same, read after the attention of each layer too: which half brings the answer.",
    code: [
      `const days = await model.generate("Monday, Tuesday,", { maxNewTokens: 1 });`,
      `layerPredictionsView(await model.layerPredictions(days, { position: days.promptLength, topK: 3, halves: true }));`,
    ],
  },
  {
    name: "lens",
    title: "The lens over a whole text",
    words:
      "What each layer would write at every place: the word, how probable it is, and a frame where it is the text's " +
      "own. The colour can be that of its rank or its surprise.",
    code: [
      `const text = model.sequence("The keys to the cabinet are on the table. The king of the");`,
      `lensView(await model.lens(text));`,
    ],
  },
  {
    name: "rankings",
    title: "Rankings",
    words: "The rank of each written token after each layer; 1 is the likeliest.",
    code: [
      `const days = await model.generate("Monday, Tuesday,", { maxNewTokens: 10 });`,
      `rankingsView(await model.rankings(days));`,
    ],
  },
  {
    name: "rankings_watch",
    title: "Rankings of watched words",
    words: "The ranks of words of your choice at one place: when plural wins over singular.",
    code: [
      `const text = model.sequence("The keys to the cabinet are");`,
      `const options = { position: text.tokens.length - 1, watch: [" is", " are", " was", " were"] };`,
      `rankingsWatchView(await model.rankingsWatch(text, options));`,
    ],
  },
  {
    name: "attention",
    title: "Attention",
    words: "Every head as a thumbnail, one of them opened. This one has found the earlier *Galsofir*, and looks one " +
      "token ahead of it.",
    code: [
      `const text = model.sequence("The wizard was called Galsofir. Everyone knew Galsofir");`,
      `const trace = await model.trace(text, { capture: ["attention"] });`,
      `attentionView(trace, { layer: 4, head: 2, scores: await headScores(trace) });`,
    ],
    height: 886,
  },
  {
    name: "cross_attention",
    title: "Attention to a source",
    words: "Where an encoder's text was looked at while each digit was written, by each head of the decoder.",
    code: [
      `const dates = await LanguageModel.fromPretrained(DATES);`,
      `const date = await dates.generate("the twenty-third of March, nineteen eighty-four");`,
      `crossAttentionView(await dates.trace(date, { capture: ["crossAttention"] }), { head: 0 });`,
    ],
  },
  {
    name: "rollout",
    title: "Attention rollout",
    words: "The attention of all layers chained: how much of each token reaches the end.",
    code: [
      `const text = model.sequence("When Mary and John went to the garden, John gave a ring to");`,
      `rolloutView(await attentionRollout(await model.trace(text, { capture: ["attention"] })));`,
    ],
  },
  {
    name: "activations",
    title: "Neuron clusters",
    words: "Neurons that are active at the same tokens, in groups; the text takes the colour of the group in focus.",
    code: [
      `const list = await model.generate("Countries of the European Union:\\n1. Austria\\n2. Belgium\\n3.", { maxNewTokens: 32 });`,
      `const trace = await model.trace(list, { capture: ["activations"] });`,
      `activationsView([await neuronClusters(trace, { layer: 0, clusters: 6 }), await neuronClusters(trace, { layer: 5, clusters: 6 })], { layer: 5 });`,
    ],
    hover: ".p1 .c5",
  },
  {
    name: "neurons",
    title: "Single neurons",
    words:
      "The neurons of a layer that are most active somewhere, a row for each, in the colour of its group; below, the " +
      "text in the colours of one of them.",
    code: [
      `const list = await model.generate("Countries of the European Union:\\n1. Austria\\n2. Belgium\\n3.", { maxNewTokens: 32 });`,
      `const trace = await model.trace(list, { capture: ["activations"] });`,
      `neuronsView(trace, { clusters: await neuronClusters(trace, { layer: 5, clusters: 8, scale: "unit" }), neurons: 100 });`,
    ],
    height: 900,
  },
  {
    name: "factors",
    title: "Factors",
    words:
      "Non-negative factors of all neurons: patterns that repeat through a text, such as numbers, names, ends of " +
      "lines. The curve tells how many are worth it.",
    code: [
      `const list = await model.generate("Countries of the European Union:\\n1. Austria\\n2. Belgium\\n3.", { maxNewTokens: 32 });`,
      `const trace = await model.trace(list, { capture: ["activations"] });`,
      `factorsView(await neuronFactors(trace, { factors: 6 }), { curve: await errorCurve(trace, { factors: [1, 2, 4, 6, 8, 12] }) });`,
    ],
    hover: ".t:nth-child(9)",
  },
  {
    name: "surprise",
    title: "Surprise",
    words: "How much each token of a text surprised the model: *is* and *purple* do.",
    code: [
      `const text = model.sequence("The keys to the cabinet are on the table. The keys to the cabinet is on the purple.");`,
      `surpriseView(await model.surprise(text));`,
    ],
  },
  {
    name: "tree",
    title: "Trees of decodings",
    words: "What would have been written had another word been chosen.",
    code: [
      `const tree = await model.tree("The keys to the cabinet", { maxNewTokens: 6 });`,
      `for (const word of [" were", " is", " have"]) await tree.fork(tree.data.prompt.tokenIds.length, word, { maxNewTokens: 5 });`,
      `treeView(tree.data);`,
    ],
  },
  {
    name: "tree_walk",
    title: "Click to go on",
    words: "Three words in each of three places, written beforehand: click through all 27 texts, without a kernel.",
    code: [
      `const tree = await model.tree("The keys to the cabinet", { maxNewTokens: 3 });`,
      `await tree.spread({ best: 3 });`,
      `treeView(tree.data, { walk: true });`,
    ],
  },
  {
    name: "layer_similarity",
    title: "Similarity of layers",
    words: "How alike the hidden states of the layers are (linear CKA): where the representation changes.",
    code: [
      `const text = model.sequence("The keys to the cabinet are in the kitchen. One, two, three, four. Monday, Tuesday.");`,
      `layerSimilarityView(await layerSimilarity(await model.trace(text)));`,
    ],
  },
  {
    name: "patching",
    title: "Patching",
    words:
      "Which part of a run carries what two texts differ in: here the number of *books*, which moves to the last token.",
    code: [
      `const [clean, corrupted] = ["The books on the table", "The book on the table"].map((text) => model.sequence(text));`,
      `patchingView(await model.patch(clean, corrupted, { target: " are", contrast: " is" }));`,
    ],
  },
  {
    name: "head_effects",
    title: "Effects of heads",
    words: "What each head adds to a prediction, to first order: activation times gradient.",
    code: [
      `const text = model.sequence("The books on the table");`,
      `headEffectsView(await model.importance(text, { target: " are", contrast: " is" }));`,
    ],
  },
  {
    name: "edges",
    title: "Edges between heads",
    words: "Which head works through which, to first order: what one writes, and a later one reads.",
    code: [
      `const [clean, corrupted] = ["The books on the table", "The book on the table"].map((text) => model.sequence(text));`,
      `edgesView(await model.edges(clean, corrupted, { target: " are", contrast: " is" }));`,
    ],
  },
  {
    name: "logit_attribution",
    title: "Who wrote the logit",
    words: "A logit, or the difference of two, as the sum of what each part of the model wrote.",
    code: [
      `const text = model.sequence("The books on the table");`,
      `logitAttributionView(await model.logitAttribution(text, { target: " are", contrast: " is", tokens: true }));`,
    ],
  },
  {
    name: "head_circuit",
    title: "The circuits of a head",
    words:
      "By its weights alone: whether a head looks from one token at another, and what it then writes to the vocabulary.",
    code: [`headCircuitView(await model.headCircuit({ layer: 4, head: 7 }, { from: " books", to: " are" }));`],
  },
  {
    name: "neuron_writes",
    title: "What a neuron writes",
    words: "The tokens that a neuron raises and lowers most when it fires.",
    code: [`neuronWritesView(await model.neuronWrites({ layer: 5, neuron: 7 }));`],
  },
  {
    name: "compare",
    title: "Two results",
    words: "Any two results of one kind, side by side or as their difference: here with a head and without it.",
    code: [
      `const [clean, corrupted] = ["The books on the table", "The book on the table"].map((text) => model.sequence(text));`,
      `const verbs = { target: " are", contrast: " is" };`,
      `const without = await model.with([{ site: "z.4", heads: [7], scale: 0 }]);`,
      `const results = [await model.patch(clean, corrupted, verbs), await without.patch(clean, corrupted, verbs)];`,
      `compareView(results[0], results[1], { mode: "difference", labels: ["the model", "without head 4.7"] });`,
    ],
  },
  {
    name: "next_word",
    title: "Next words",
    words: "What may come next, as bars. In a notebook or a page the sliders act at once, without a kernel.",
    code: [
      `const expected = await model.candidates(model.sequence("Once upon a time there was a"));`,
      `nextWordView(expected, { temperature: 0.7, topP: 0.9 });`,
    ],
  },
  {
    name: "vectors",
    title: "Vectors",
    words: "What enters the first layer: the embedding of a token and that of its position, added up.",
    code: [
      `const text = model.sequence("The keys to the cabinet");`,
      `const { hiddenStates } = await model.trace(text);`,
      `const at = text.tokenIds.map((_, position) => position);`,
      `const parts = {`,
      `  "token embeddings": { tensor: await model.weight("wte.weight"), rows: text.tokenIds },`,
      `  "positions": { tensor: await model.weight("wpe.weight"), rows: at },`,
      `  "their sum": { tensor: hiddenStates, at: [0] },`,
      `};`,
      `vectorsView(parts, { sequence: text });`,
    ],
  },
  {
    name: "attention_steps",
    title: "Attention, step by step",
    words: "One head of one token: query, keys, scores, mask, softmax, values, their sum, and what is made of it.",
    code: [
      `const text = model.sequence("The keys to the cabinet");`,
      `attentionStepsView(await model.trace(text, { capture: ["attentionSteps"] }), { layer: 4, head: 7 });`,
    ],
    height: 900,
  },
  {
    name: "stream",
    title: "A token's way",
    words: "What each block adds to one token on its way up, and the word that the model would write there.",
    code: [
      `const text = model.sequence("The keys to the cabinet");`,
      `const trace = await model.trace(text, { capture: ["hiddenStates", "attentionOutputs", "mlpOutputs"] });`,
      `streamView(trace, { predictions: await model.layerPredictions(text) });`,
    ],
  },
  {
    name: "piano_roll",
    title: "Music",
    words: "What a model of chorales wrote behind four chords: seen, heard, and where its heads looked at each note.",
    code: [
      `const composer = await LanguageModel.fromPretrained(MUSIC);`,
      `const chords = [[48, 64, 67, 72], [53, 60, 69, 72], [43, 59, 67, 74], [48, 60, 67, 76]];`,
      `const notes = chords.flatMap((chord, i) =>`,
      `  chord.map((pitch) => ({ start: 0.6 * i, end: 0.6 * i + 0.6, pitch, velocity: 80 }))`,
      `);`,
      `const options = { maxNewTokens: 160, temperature: 1, topP: 0.95, seed: 1 };`,
      `const music = await composer.generate(musicText(notes), options);`,
      `const trace = await composer.trace(music, { capture: ["attention"], layers: [2] });`,
      `pianoRollView(music, { trace, saliency: await composer.saliency(music) });`,
    ],
  },
  {
    name: "cache",
    title: "What the cache keeps",
    words: "Several steps of writing: each token is computed once, and its keys and values are kept.",
    code: [
      `const reading = model.reading();`,
      `const steps = [];`,
      `let { tokenIds } = model.sequence("The keys to the cabinet");`,
      `for (let step = 0; step < 5; ++step) {`,
      `  steps.push(await reading.candidates(tokenIds));`,
      `  tokenIds = [...tokenIds, steps.at(-1).predictions[0].tokenId];`,
      `}`,
      `reading.dispose();`,
      `cacheView(steps);`,
    ],
  },
  {
    name: "corpus",
    title: "A corpus",
    words: "The averages over many texts: surprise, where heads look, at which layer predictions settle.",
    code: [
      `const out = await Deno.makeTempDir();`,
      `await explainCorpus("notebooks/12_corpus.jsonl", { model, out, ask: ["surprise", "heads", "settling", "neurons"], limit: 40 });`,
      `const corpus = await openCorpus(out);`,
      `corpusView(await corpus.summary());`,
    ],
  },
  {
    name: "neuron",
    title: "A neuron",
    words: "The texts of a corpus that excite a neuron most, and what it writes to the vocabulary.",
    code: [
      `const out = await Deno.makeTempDir();`,
      `await explainCorpus("notebooks/12_corpus.jsonl", { model, out, ask: "neurons", limit: 40 });`,
      `const corpus = await openCorpus(out);`,
      `neuronView(await corpus.neuron(4, 117, { model }));`,
    ],
  },
  {
    name: "model",
    title: "The model",
    words: "The parts of the model, their shapes and how many parameters each has.",
    code: [`modelView(model);`],
    height: 740,
  },
  {
    name: "sizes",
    title: "Sizes of models",
    words:
      "Models as stacks beside each other, each box a layer, as wide as its vectors: this one, and the four sizes of " +
      "GPT-2 that OpenAI published.",
    code: [`sizesView([model, ...GPT2_SIZES]);`],
  },
];
