"""A whole script in Python: it imports, loads, writes one token and ends. bench/waits/script.ts is the same.

Run:   .venv-oracle/bin/python bench/peers/script_peer.py MODEL THREADS TEXT
Pins:  torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt)
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

checkpoint, threads, text = sys.argv[1:]
torch.set_num_threads(int(threads))
tokenizer = AutoTokenizer.from_pretrained(checkpoint)
model = AutoModelForCausalLM.from_pretrained(checkpoint)
output = model.generate(**tokenizer(text, return_tensors="pt"), max_new_tokens=1, do_sample=False, pad_token_id=0)
print(json.dumps(output[0].tolist()))
