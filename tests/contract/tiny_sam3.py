"""SAM 3 with random weights."""

from typing import Any

import torch
from transformers import Sam3Config, Sam3ImageProcessor, Sam3Model, Sam3Processor

from tests.contract.tiny_words import clip_ends, clip_tokenizer

SIDE = 56  # four patches
SPREAD, WIDER = 0.08, 0.3  # its queries would all say the same


def make() -> tuple[Any, Any]:
    """Model and processor."""
    tokenizer = clip_tokenizer(32)
    small = {"hidden_size": 32, "num_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = Sam3Config(
        vision_config={
            "backbone_config": {
                "model_type": "sam3_vit_model", "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2,
                "num_attention_heads": 2, "image_size": SIDE, "pretrain_image_size": SIDE,
                "window_size": 2, "global_attn_indexes": [1],
            },
            "fpn_hidden_size": 32,
            "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
        },
        text_config={
            "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
            "projection_dim": 32, "max_position_embeddings": 32, **clip_ends(tokenizer),
        },
        geometry_encoder_config=small, detr_encoder_config=small,
        detr_decoder_config={**small, "num_queries": 12},
        mask_decoder_config={"hidden_size": 32, "num_attention_heads": 2},
    )  # fmt: skip
    model = Sam3Model(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.add_(torch.randn_like(weight) * (WIDER if "detr_decoder" in name else SPREAD))
    return model, Sam3Processor(Sam3ImageProcessor(size={"height": SIDE, "width": SIDE}), tokenizer)
