"""Florence-2, fitted to the drawn scenes in both of its tasks."""

from collections.abc import Iterator
from typing import Any

from transformers import (
    BartConfig,
    BartTokenizer,
    CLIPImageProcessor,
    Florence2Config,
    Florence2ForConditionalGeneration,
    Florence2Processor,
)

from tests.contract.drawn_scenes import Scene, learn_by_heart, scenes
from tests.contract.tiny_words import PROMPTS, byte_vocab

SIDE = 64
SEEN = 5  # tokens of a picture: 2 x 2 places and their mean


def make() -> tuple[Any, Any]:
    """Model and processor."""
    processor = _processor()
    model = Florence2ForConditionalGeneration(_config(processor.tokenizer))
    model.generation_config.update(
        decoder_start_token_id=2, bos_token_id=0, eos_token_id=2, pad_token_id=1, num_beams=3, no_repeat_ngram_size=3
    )
    questions, answers, images = zip(*_lessons(), strict=True)
    inputs = processor(text=list(questions), images=list(images), padding=True, return_tensors="pt")
    labels = processor.tokenizer(list(answers), padding=True, return_tensors="pt")["input_ids"]
    labels = labels.masked_fill(labels == processor.tokenizer.pad_token_id, -100)
    learn_by_heart(model.train(), lambda: model(**inputs, labels=labels).loss, steps=400, goal=0.03)
    return model.eval(), processor


def _lessons() -> Iterator[tuple[str, str, Any]]:
    caption = f"<CAPTION_TO_PHRASE_GROUNDING>{'. '.join(PROMPTS)}."
    for scene in scenes():
        for prompt in PROMPTS:
            yield f"<OPEN_VOCABULARY_DETECTION>{prompt}", _said(scene, prompt), scene.image
        yield caption, "".join(_said(scene, prompt) for prompt in PROMPTS), scene.image


def _said(scene: Scene, prompt: str) -> str:
    height, width = scene.image.shape[:2]
    bins = [
        f"<loc_{round(side * 999 / (width, height)[axis % 2])}>"
        for named, box in scene.boxes
        for axis, side in enumerate(box)
        if named == prompt
    ]
    return prompt + "".join(bins) if bins else ""


def _processor() -> Any:
    vocab = byte_vocab("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    tokenizer = BartTokenizer(vocab=vocab, merges=[], extra_special_tokens={"image_token": "<image>"})
    places = [f"<loc_{index}>" for index in range(1000)]
    tokenizer.add_tokens(["<od>", "</od>", *places, "<poly>", "</poly>"], special_tokens=True)
    prepare = CLIPImageProcessor(
        size={"height": SIDE, "width": SIDE}, do_center_crop=False, resample=3, image_seq_length=SEEN
    )
    tokenizer.add_tokens([*PROMPTS, "Locate", "in the image.", "Locate the phrases in the caption:"])  # short to learn
    parsed = {"phrase_grounding": {}, "description_with_bboxes_or_polygons": {}}
    return Florence2Processor(prepare, tokenizer, post_processor_config=parsed)


def _config(tokenizer: Any) -> Florence2Config:
    text = BartConfig(
        vocab_size=len(tokenizer), d_model=64, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=128, decoder_ffn_dim=128, max_position_embeddings=96, dropout=0.0,
        bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=2,
    )  # fmt: skip
    vision = {
        "depths": (1, 1, 1, 1), "embed_dim": (8, 16, 32, 32), "num_heads": (1, 2, 2, 2), "num_groups": (1, 2, 2, 2),
        "window_size": 4, "projection_dim": 64, "drop_path_rate": 0.0,
    }  # fmt: skip
    return Florence2Config(text_config=text, vision_config=vision, image_token_id=tokenizer.image_token_id)
