"""The Segment Anything family with random weights, saved as published checkpoints are."""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    Sam2Config,
    Sam2ImageProcessor,
    Sam2Model,
    Sam2Processor,
    Sam2VideoConfig,
    Sam2VideoModel,
    Sam3ImageProcessor,
    Sam3TrackerConfig,
    Sam3TrackerModel,
    Sam3TrackerProcessor,
    SamConfig,
    SamImageProcessor,
    SamModel,
    SamProcessor,
)

SIDE, SPREAD = 64, 0.15
PROMPT = {"hidden_size": 32, "image_size": SIDE, "patch_size": 16, "mask_input_channels": 4}
DECODER = {"hidden_size": 32, "mlp_dim": 32, "num_attention_heads": 4, "iou_head_hidden_dim": 16}
HIERA = {
    "backbone_config": {
        "model_type": "sam2_hiera_det_model", "hidden_size": 8, "num_attention_heads": 1, "image_size": [SIDE, SIDE],
        "blocks_per_stage": [1, 1, 2, 1], "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 2, 2],
        "window_size_per_stage": [4, 2, 2, 2], "global_attention_blocks": [3],
        "window_positional_embedding_background_size": [4, 4],
    },
    "backbone_channel_list": [64, 32, 16, 8], "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
    "fpn_hidden_size": 32,
}  # fmt: skip
VIT = {
    "backbone_config": {
        "model_type": "sam3_vit_model", "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2, "image_size": 56, "pretrain_image_size": 56, "patch_size": 14, "window_size": 2,
        "global_attn_indexes": [1],
    },
    "fpn_hidden_size": 32, "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
}  # fmt: skip


def save(kind: str, folder: Path) -> Path:
    """A checkpoint of that model_type in a folder of that name."""
    torch.manual_seed(0)
    model, processor = MAKERS[kind]()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * SPREAD)
    model.save_pretrained(folder / kind)
    processor.save_pretrained(folder / kind)
    return folder / kind


def _sam() -> tuple[Any, Any]:
    vision = {
        "hidden_size": 32, "output_channels": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": SIDE,
        "patch_size": 16, "window_size": 2, "global_attn_indexes": [0], "num_pos_feats": 16, "mlp_dim": 32,
    }  # fmt: skip
    config = SamConfig(vision_config=vision, prompt_encoder_config=PROMPT, mask_decoder_config=DECODER)
    square = {"height": SIDE, "width": SIDE}
    return SamModel(config), SamProcessor(SamImageProcessor(size={"longest_edge": SIDE}, pad_size=square))


def _sam2() -> tuple[Any, Any]:
    config = Sam2Config(vision_config=HIERA, prompt_encoder_config=PROMPT, mask_decoder_config=DECODER)
    return Sam2Model(config), _sam2_processor()


def _sam2_video() -> tuple[Any, Any]:
    memory = {
        "memory_attention_hidden_size": 32,
        "memory_encoder_hidden_size": 32,
        "memory_encoder_output_channels": 16,
    }
    config = Sam2VideoConfig(
        vision_config=HIERA, prompt_encoder_config=PROMPT, mask_decoder_config=DECODER, image_size=SIDE, **memory
    )
    return Sam2VideoModel(config), _sam2_processor()


def _sam2_processor() -> Sam2Processor:
    square = {"height": SIDE, "width": SIDE}
    return Sam2Processor(Sam2ImageProcessor(size=square, mask_size={"height": 16, "width": 16}), target_size=SIDE)


def _sam3_tracker() -> tuple[Any, Any]:
    prompt = {**PROMPT, "image_size": 56, "patch_size": 14}
    config = Sam3TrackerConfig(vision_config=VIT, prompt_encoder_config=prompt, mask_decoder_config=DECODER)
    square = {"height": 56, "width": 56}
    return Sam3TrackerModel(config), Sam3TrackerProcessor(Sam3ImageProcessor(size=square), target_size=56)


MAKERS = {"sam": _sam, "sam2": _sam2, "sam2_video": _sam2_video, "sam3_tracker": _sam3_tracker}
