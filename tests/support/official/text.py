"""Keras's examples on text: convolutions, recurrent layers, transformers, pairs, translation, tokens with padding."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from .example import SAMPLES, Example, integers, wrong_class, wrong_one_hot, wrong_probability

VOCABULARY, LENGTH, WIDTH = 20, 9, 6
BINARY = integers(2, SAMPLES)


def tokens(length=LENGTH):
    return integers(VOCABULARY, SAMPLES, length)


def padded():
    """Tokens from 1 on, and 0 after the end of a text of 2 to LENGTH tokens."""
    lengths = np.random.default_rng(0).integers(2, LENGTH + 1, SAMPLES)
    return np.where(np.arange(LENGTH) < lengths[:, None], 1 + integers(VOCABULARY - 1, SAMPLES, LENGTH), 0).astype("int32")


def build_text_cnn():
    inputs = keras.Input(shape=(None,), dtype="int64")
    x = layers.Dropout(0.5)(layers.Embedding(VOCABULARY, WIDTH)(inputs))
    x = layers.Conv1D(8, 3, padding="valid", activation="relu", strides=2)(x)
    x = layers.Conv1D(8, 3, padding="valid", activation="relu", strides=2)(x)
    x = layers.Dense(8, activation="relu")(layers.GlobalMaxPooling1D()(x))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="predictions")(layers.Dropout(0.5)(x)))


def binary():
    return {"loss": "binary_crossentropy", "optimizer": "adam", "metrics": ["accuracy"]}


text_from_scratch = Example(build_text_cnn, lambda: (tokens(), BINARY), binary, misclassified=wrong_probability, repeats_tokens=True)


def build_bidirectional_lstm():
    inputs = keras.Input(shape=(None,), dtype="int32")
    x = layers.Embedding(VOCABULARY, WIDTH)(inputs)
    x = layers.Bidirectional(layers.LSTM(4))(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


bidirectional_lstm = Example(
    build_bidirectional_lstm, lambda: (tokens(), BINARY), binary, misclassified=wrong_probability, repeats_tokens=True
)


class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ff_dim, rate=0.1):
        super().__init__()
        self.att = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm1, self.layernorm2 = layers.LayerNormalization(epsilon=1e-6), layers.LayerNormalization(epsilon=1e-6)
        self.dropout1, self.dropout2 = layers.Dropout(rate), layers.Dropout(rate)

    def call(self, inputs):
        out1 = self.layernorm1(inputs + self.dropout1(self.att(inputs, inputs)))
        return self.layernorm2(out1 + self.dropout2(self.ffn(out1)))


class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, maxlen, vocab_size, embed_dim):
        super().__init__()
        self.token_emb = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
        self.pos_emb = layers.Embedding(input_dim=maxlen, output_dim=embed_dim)

    def call(self, x):
        return self.token_emb(x) + self.pos_emb(ops.arange(start=0, stop=ops.shape(x)[-1], step=1))


def build_masked_gru():
    """The guide to masking and padding: zeros are passed over by the recurrent layers."""
    inputs = keras.Input(shape=(None,), dtype="int32")
    x = layers.Embedding(input_dim=VOCABULARY, output_dim=WIDTH, mask_zero=True)(inputs)
    x = layers.Dense(4, activation="relu")(layers.Bidirectional(layers.GRU(4))(x))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


masked_gru = Example(build_masked_gru, lambda: (padded(), BINARY), binary, misclassified=wrong_probability, repeats_tokens=True)


def build_text_pair():
    """Two questions through shared layers; do they ask the same?"""
    embedding = layers.Embedding(VOCABULARY, WIDTH, name="words")
    encoder = keras.Sequential([layers.Dense(8, activation="relu"), layers.GlobalMaxPooling1D()], name="encoder")
    question1 = keras.Input((LENGTH,), dtype="int32", name="question1")
    question2 = keras.Input((LENGTH,), dtype="int32", name="question2")
    u, v = encoder(embedding(question1)), encoder(embedding(question2))
    merged = layers.Concatenate()([u, v, ops.abs(u - v), layers.Multiply()([u, v])])
    merged = layers.Dropout(0.2)(layers.BatchNormalization()(merged))
    return keras.Model({"question1": question1, "question2": question2}, layers.Dense(1, activation="sigmoid")(merged))


text_pair = Example(
    build_text_pair,
    lambda: ({"question1": tokens(), "question2": np.roll(tokens(), 1, axis=0)}, BINARY.astype("float32")),
    lambda: {**binary(), "optimizer": keras.optimizers.Nadam(1e-3)},
    fit_arguments={"sample_weight": 0.5 + np.arange(SAMPLES, dtype="float32") / SAMPLES},
    misclassified=wrong_probability,
    unmeasured=("PredictionMonitor",),
    repeats_tokens=True,
)


def build_seq2seq():
    """Characters in one-hot form: an LSTM reads the source, another writes the target from its state."""
    encoder_inputs = keras.Input(shape=(None, 7))
    _, state_h, state_c = keras.layers.LSTM(5, return_state=True)(encoder_inputs)
    decoder_inputs = keras.Input(shape=(None, 6))
    decoder_outputs, _, _ = keras.layers.LSTM(5, return_sequences=True, return_state=True)(decoder_inputs, initial_state=[state_h, state_c])
    outputs = keras.layers.Dense(6, activation="softmax")(decoder_outputs)
    return keras.Model([encoder_inputs, decoder_inputs], outputs)


def translations():
    source, target = integers(7, SAMPLES, 5), integers(6, SAMPLES, 5)
    written = keras.utils.to_categorical(target, 6).astype("float32")
    return [keras.utils.to_categorical(source, 7).astype("float32"), written[:, :-1]], written[:, 1:]


character_seq2seq = Example(
    build_seq2seq,
    translations,
    lambda: {"optimizer": "rmsprop", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    fit_arguments={"validation_split": 0.2},
    misclassified=wrong_one_hot,
    unmeasured=("PredictionMonitor",),
)


class CausalBlock(layers.Layer):
    """A transformer block in which a token sees only those before it."""

    def __init__(self, embed_dim, num_heads, ff_dim, rate=0.1):
        super().__init__()
        self.att = layers.MultiHeadAttention(num_heads, embed_dim)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm1, self.layernorm2 = layers.LayerNormalization(epsilon=1e-6), layers.LayerNormalization(epsilon=1e-6)
        self.dropout1, self.dropout2 = layers.Dropout(rate), layers.Dropout(rate)

    def call(self, inputs):
        batch, length, _ = ops.shape(inputs)
        visible = ops.arange(length)[:, None] >= ops.arange(length)
        visible = ops.tile(ops.cast(visible, "bool")[None], [batch, 1, 1])
        out1 = self.layernorm1(inputs + self.dropout1(self.att(inputs, inputs, attention_mask=visible)))
        return self.layernorm2(out1 + self.dropout2(self.ffn(out1)))


def build_miniature_gpt():
    inputs = layers.Input(shape=(LENGTH,), dtype="int32")
    x = CausalBlock(WIDTH, 2, 8)(TokenAndPositionEmbedding(LENGTH, VOCABULARY, WIDTH)(inputs))
    return keras.Model(inputs=inputs, outputs=[layers.Dense(VOCABULARY)(x), x])


miniature_gpt = Example(
    build_miniature_gpt,
    lambda: (tokens(LENGTH + 1)[:, :-1], tokens(LENGTH + 1)[:, 1:]),
    lambda: {"optimizer": "adam", "loss": [keras.losses.SparseCategoricalCrossentropy(from_logits=True), None]},
    unmeasured=("PredictionMonitor",),
    repeats_tokens=True,
)


class EntityModel(keras.Model):
    """Named entities: a subclassed model with a tag for each token."""

    def __init__(self, num_tags, vocab_size, maxlen=LENGTH, embed_dim=WIDTH, num_heads=2, ff_dim=8):
        super().__init__()
        self.embedding_layer = TokenAndPositionEmbedding(maxlen, vocab_size, embed_dim)
        self.transformer_block = TransformerBlock(embed_dim, num_heads, ff_dim)
        self.dropout1, self.ff = layers.Dropout(0.1), layers.Dense(ff_dim, activation="relu")
        self.dropout2, self.ff_final = layers.Dropout(0.1), layers.Dense(num_tags, activation="softmax")

    def call(self, inputs, training=False):
        x = self.dropout1(self.transformer_block(self.embedding_layer(inputs)), training=training)
        return self.ff_final(self.dropout2(self.ff(x), training=training))


class NonPaddingTokenLoss(keras.losses.Loss):
    """The mean over all tokens of a batch that are no padding."""

    def __init__(self, name="custom_ner_loss"):
        super().__init__(name=name)

    def call(self, y_true, y_pred):
        losses = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        mask = ops.cast(y_true > 0, dtype="float32")
        return ops.sum(losses * mask) / ops.sum(mask)


def build_entity_model():
    model = EntityModel(4, VOCABULARY)
    model(tf.zeros((1, LENGTH), "int32"))
    return model


named_entities = Example(
    build_entity_model,
    lambda: (padded(), np.where(padded() > 0, 1 + padded() % 3, 0)),
    lambda: {"optimizer": "adam", "loss": NonPaddingTokenLoss()},
    misclassified=wrong_class,
    unmeasured=("NoiseMonitor",),
    repeats_tokens=True,
)
